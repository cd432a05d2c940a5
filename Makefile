# The commands of this project; `make` lists them. Needs Python 3.11 or newer with venv, and nothing else.
#   make setup EXTRA=gpu    TensorFlow with CUDA instead of the CPU build
#   make setup PYTHON=...   another interpreter than python3

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
EXTRA ?= cpu
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.setup-$(EXTRA)
DEV := $(VENV)/.dev-$(EXTRA)
OTHER_EXTRA := $(filter-out $(SETUP) $(DEV),$(wildcard $(VENV)/.setup-* $(VENV)/.dev-*))
CLIENT := ./client[arrow,cli,mcp,pandas,progress,xarray]
INSTALL = $(BIN)/pip install --disable-pip-version-check --constraint requirements.lock --editable '$(CLIENT)' --editable
# One line a package and a sign of life every 10 s, because pip is silent while it unpacks TensorFlow.
BEAT = (while sleep 10 > /dev/null 2>&1; do echo '  ...'; done) & trap "kill $$!" EXIT
PROGRESS = { grep --line-buffered -E '^(Collecting|Installing collected|Successfully|  Downloading)' || true; } | cut -c 1-100

.PHONY: help setup dev demo serve test check docs bench soak lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

setup: $(SETUP) ## install server, client and command line into .venv

dev: $(DEV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null \
		|| { echo "Python 3.11 or newer is needed: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null \
		|| { echo "$(PYTHON) lacks venv: install it (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

# The two builds of TensorFlow share their files, so a change of EXTRA starts from an empty environment.
$(SETUP): pyproject.toml client/pyproject.toml requirements.lock
	@$(if $(OTHER_EXTRA),rm -rf $(VENV))
	@$(MAKE) $(VENV)/bin/python
	@echo "Installing the server (TensorFlow is the largest part; a minute or two) ..."
	@$(BEAT); $(INSTALL) '.[$(EXTRA),embedded]' | $(PROGRESS)
	@touch $@

$(DEV): pyproject.toml client/pyproject.toml requirements.lock | $(SETUP)
	@echo "Installing the tools for tests and checks ..."
	@$(BEAT); $(INSTALL) '.[$(EXTRA),embedded,dev]' | $(PROGRESS)
	@touch $@

demo: $(SETUP) ## solve two models over HTTP on a server of its own, and compare with the closed form
	@$(BIN)/python -u examples/demo.py

serve: $(SETUP) ## run the server until Ctrl-C; ARGS="--port 8080 --workers 2" are passed on
	@exec $(BIN)/saddlepath-server up $(ARGS)

# Two processes, a file in one of them; then alone those that kill processes and count on leases.
test: $(DEV) ## run the whole test suite; with ARGS, pytest with these instead
	@$(if $(ARGS),$(BIN)/python -m pytest $(ARGS),\
		$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --ignore tests/integration && $(BIN)/python -m pytest tests/integration)

check: $(DEV) ## lint, format, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DEV) ## build the documents as a site into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --config-file docs/site/mkdocs.yml

bench: $(DEV) ## measure the figures of the README; ARGS are passed on
	@$(BIN)/python -u -m benchmarks $(ARGS)

soak: $(DEV) ## put the real stack under fire; ARGS="--minutes 60" for longer
	@$(BIN)/python -u -m benchmarks soak $(ARGS)

lock: $(DEV) ## write requirements.lock afresh from pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --all-extras \
		--no-annotate --no-header --no-emit-index-url --output-file requirements.lock

clean: ## remove the environment and every cache; data directories stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
