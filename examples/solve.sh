#!/bin/sh
# Solve a model and use its policy, with curl alone.
set -eu
url=${SADDLEPATH_URL:-http://127.0.0.1:8000}

# Solve, and wait for it up to a minute. The same request again is the same solution, at once.
solution=$(curl -sS --fail-with-body "$url/v1/solutions" -H 'Content-Type: application/json' -H 'Prefer: wait=60' \
    -d '{"model": "neoclassical", "calibration": {"beta": 0.95, "gamma": 2}}')
id=$(printf '%s' "$solution" | sed 's/^{"id":"\([0-9a-f]*\)".*/\1/')
echo "solution $id"

# One state.
curl -sS --fail-with-body "$url/v1/solutions/$id/policy?a=0.0&k=4.2"
echo

# Many states: a number stands for every row.
curl -sS --fail-with-body "$url/v1/solutions/$id/policy" -H 'Content-Type: application/json' \
    -d '{"states": {"a": 0.0, "k": [3.5, 4.2, 5.0]}}'
echo

# What the policy is worth.
curl -sS --fail-with-body "$url/v1/solutions/$id/certificate"
echo
