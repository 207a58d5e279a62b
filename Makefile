# What a person types here: `make` lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test coverage lint format bench soak faults fuzz lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check
# On every core, up to four: a worker that has finished takes over from the others. One after another: PYTEST_FLAGS=
PYTEST_FLAGS ?= --numprocesses=logical --maxprocesses=4 --dist=worksteal

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(VENV)/.ready-to-run ## set up once, then start the bot
	$(BIN)/jemputbola run

# Measuring what is covered takes twice the time: of the core, whose own tests have to cover all of it, and of nothing else.
CORE := indicators conversations
test: lint ## every check, every test, and the coverage that the core must keep
	$(BIN)/python -m pytest $(CORE:%=tests/%) $(CORE:%=--cov=%) --cov-branch --cov-report=term $(PYTEST_FLAGS)
	$(BIN)/coverage report --fail-under=100 --precision=2
	$(BIN)/python -m pytest $(CORE:%=--ignore=tests/%) $(PYTEST_FLAGS)

coverage: $(VENV)/.ready-to-test ## which lines of all four packages the tests run: takes twice as long as they
	$(BIN)/python -m pytest --cov --cov-branch --cov-report=term $(PYTEST_FLAGS)

lint: $(VENV)/.ready-to-test ## the checks without the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.ready-to-test ## put the code in shape
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: $(VENV)/.ready-to-test ## measure speed on this machine, beside other frameworks: half an hour
	$(BIN)/python -m benchmarks

MINUTES ?= 60
soak: $(VENV)/.ready-to-test ## hold a steady load for MINUTES=60 and watch the memory
	$(BIN)/python -m benchmarks.soak --minutes $(MINUTES)

faults: $(VENV)/.ready-to-test ## kill the program 200 times and break what is around it, and count what was lost
	$(BIN)/python -m tests.faults

SECONDS ?= 60
fuzz: $(VENV)/.ready-to-test ## hand in whatever nobody foresaw, SECONDS=60 for each target (Linux only)
	$(BIN)/python -m tests.fuzzing run --seconds $(SECONDS)

# Pins stay as they are unless the ranges in pyproject.toml say otherwise; `make lock UPGRADE=--upgrade` renews them all.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' --extra postgresql $(UPGRADE)
lock: $(VENV)/.ready-to-test ## resolve the ranges in pyproject.toml to pinned, hashed versions
	$(COMPILE) --group build --output-file requirements.lock
	$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@! grep -nE '://|--(extra-)?index-url|--find-links' requirements.lock requirements-dev.lock

clean: ## remove the environment and everything that was generated
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Setting up happens once, and again when a lock file or pyproject.toml changes. `make run` installs no development tools.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-to-run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) --require-hashes --requirement requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.ready-to-test: requirements-dev.lock $(VENV)/.ready-to-run
	$(PIP_INSTALL) --require-hashes --requirement requirements-dev.lock
	touch $@
