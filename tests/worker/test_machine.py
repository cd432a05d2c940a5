"""What a solve's bytes depend on beside its job."""

import os
import subprocess
import sys

import pytest

from worker.machine import (
    THREAD_VARIABLES,
    n_cores,
    processor,
    thread_environment,
    thread_limits,
    threads,
)


@pytest.mark.parametrize(
    "environment, blas",
    [
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "2"}, 2),
        ({"OPENBLAS_NUM_THREADS": "many", "OMP_NUM_THREADS": "05"}, 5),
        ({"OPENBLAS_NUM_THREADS": "0"}, n_cores()),
        ({}, n_cores()),
    ],
)
def test_threads_are_those_that_the_environment_sets_or_one_a_core(environment, blas):
    assert threads(environment) == {"blas": blas, "intra_op": n_cores(), "inter_op": n_cores()}


def test_an_environment_gives_the_threads_that_it_is_made_of():
    counts = {"blas": 1, "intra_op": 2, "inter_op": 3}
    assert threads(thread_environment(counts)) == counts
    assert thread_environment({"intra_op": 4}) == {"TF_NUM_INTRAOP_THREADS": "4"}
    assert set(thread_environment(counts)) == {name for names in THREAD_VARIABLES.values() for name in names}


def test_a_limit_is_for_what_nothing_sets():
    assert threads(thread_limits(3, {})) == {"blas": 3, "intra_op": 3, "inter_op": 3}
    given = {"OMP_NUM_THREADS": "2", "TF_NUM_INTEROP_THREADS": "1"}
    limits = thread_limits(3, given)
    assert threads({**limits, **given}) == {"blas": 2, "intra_op": 3, "inter_op": 1}
    assert limits.keys().isdisjoint(given)


@pytest.mark.parametrize("wanted", [1, 2])
def test_blas_starts_as_many_threads_as_its_variables_say(wanted):
    program = "import numpy, psutil; print(psutil.Process().num_threads())"
    environment = {**os.environ, **thread_environment({"blas": wanted})}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert int(done.stdout) == min(wanted, n_cores())


def test_the_processor_is_told_with_its_generation():
    assert "(family " in processor() and "stepping" in processor()
