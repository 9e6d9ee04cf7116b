# `make demo` and `make test` set up what they need, on a fresh machine too.
.PHONY: setup images engine check test demo bench clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

setup: $(VENV)/.set-up

$(VENV)/.set-up: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[local]' --group dev
	touch $@

# An engine where there is none, and images laid out like AWS's where no registry is in reach.
engine:
	images/engine.sh

images: engine
	images/build.sh

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Tests that need Docker run where an engine is or can be started, and are skipped with a message elsewhere.
test: setup
	@images/engine.sh && images/build.sh || echo "No Docker engine: the tests that need one are skipped." >&2
	$(BIN)/pytest

demo: setup images
	$(BIN)/python demo/run.py

bench: setup images
	$(BIN)/python bench/run.py

clean:
	rm -rf $(VENV) .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
