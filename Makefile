# `make demo` and `make test` set up what they need, on a fresh machine too.
.PHONY: setup lock engine images check test test-latest demo bench clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := bin/pip --quiet --disable-pip-version-check install

# What is installed is known by the content of what it is made from, whatever the age of the files.
content = $(shell { cat $(1); $(PYTHON) --version; } 2>&1 | cksum | tr ' ' '-')
LOCKED := requirements-dev.txt
PACKAGES := $(VENV)/.packages-$(call content,$(LOCKED))
SET_UP := $(VENV)/.set-up-$(call content,pyproject.toml $(LOCKED))

setup: $(SET_UP)

# Nothing but what is locked: --clear takes away what an older lock had.
$(PACKAGES):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "samlocal needs Python 3.11 or later: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/$(PIP_INSTALL) --require-hashes --requirement $(LOCKED)
	touch $@

$(SET_UP): $(PACKAGES)
	$(VENV)/$(PIP_INSTALL) --no-index --no-deps --no-build-isolation --editable .
	rm -f $(VENV)/.set-up-*
	touch $@

# The newest that the ranges in pyproject.toml allow, for every Python and machine that they are for.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/$(PIP_INSTALL) --upgrade uv
	.venv-lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra local --group dev \
		--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' \
		--output-file $(LOCKED) pyproject.toml

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
	$(BIN)/pip --disable-pip-version-check check

# Tests that need Docker run where an engine is or can be started, and are skipped with a message elsewhere.
test: setup
	@images/engine.sh && images/build.sh || echo "No Docker engine: the tests that need one are skipped." >&2
	$(BIN)/pytest

# With the newest libraries that the ranges allow, which a user's installation gets.
test-latest:
	$(PYTHON) -m venv --clear .venv-latest
	.venv-latest/$(PIP_INSTALL) --upgrade 'pip>=25.1'
	.venv-latest/$(PIP_INSTALL) --editable '.[local]' --group dev
	.venv-latest/bin/pytest

demo: setup images
	$(BIN)/python demo/run.py

bench: setup images
	$(BIN)/python bench/run.py

clean:
	rm -rf $(VENV) .venv-bench .venv-lock .venv-latest .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
