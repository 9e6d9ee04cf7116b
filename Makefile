# `make demo` and `make test` set up what they need, on a fresh machine too.
.PHONY: setup lock attributes engine other-engines ssh-server images images-for-tests python-image check collected pages docs links test patterns sources-table screens test-latest demo fuzz bench bench-many bench-saves soak soak-queues clean

# pytest keeps what it has made of the tests' asserts, which takes longer than all else of their collection.
export PYTHONDONTWRITEBYTECODE =

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

# The newest that the ranges in pyproject.toml allow, for every Python and machine that they are for. `make attributes`
# after it.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/$(PIP_INSTALL) --upgrade uv
	.venv-lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra local --group dev \
		--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' \
		--output-file $(LOCKED) pyproject.toml

# What is known of each resource type, of the locked cfn-lint's schemas and of what tools/attributes says.
attributes: setup
	$(BIN)/python tools/attributes/generate.py

# An engine where there is none.
engine:
	images/engine.sh

# What the tests of other engines need. Nothing of it runs by itself.
other-engines: engine
	images/host-packages podman catatonit slirp4netns newuidmap:uidmap rootlesskit openssl

# An SSH server for tests, where there is none.
ssh-server:
	images/ssh-server build/ssh-server

# Images laid out like AWS's: all of them, or `make images IMAGES=python`.
images: engine
	images/build.sh $(IMAGES)

check: setup docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pip --disable-pip-version-check check

# The manual and the page on SAM CLI's options, of the command line itself.
pages: setup
	$(BIN)/python tools/pages.py

# The site of docs/, in build/docs. A warning is an error: of a link or an anchor that leads nowhere, too.
SPHINX := $(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --doctree-dir build/doctrees

docs: setup
	$(SPHINX) --fresh-env --builder html docs build/docs

# Every address outside is asked for, which needs a network. build/links/output.txt lists them.
links: setup
	$(SPHINX) --builder linkcheck docs build/links

# What these scripts cannot do on this machine (their exit status 3) skips tests; what they fail at is a failure.
images-for-tests:
	@images/engine.sh && images/build.sh || { status=$$?; [ $$status -eq 3 ] || exit $$status; \
		echo "The tests that need a Docker engine and the stand-in images are skipped." >&2; }

# Tests wait more than they compute; those of one file share what they start.
PARALLEL ?= --numprocesses=4 --dist=loadfile --no-loadscope-reorder

# Once what each of the workers would do for itself.
collected: setup
	@$(BIN)/pytest --collect-only -qq >$(VENV)/collected || { cat $(VENV)/collected; exit 1; }

# Packages and images come side by side, from different places.
test:
	@$(MAKE) --no-print-directory -j2 setup images-for-tests
	$(BIN)/pytest $(PARALLEL)

# Every public pattern that is deployed and started, with its time.
patterns: setup images-for-tests
	$(BIN)/pytest tests/sources/test_patterns.py -m 'patterns or docker' --durations=0

# What AWS documents of event sources, and what happens: docs/sources.md, which a test holds equal.
sources-table: setup
	PYTHONPATH=tests $(BIN)/python tests/sources/documented.py

# Pictures of what commands show at a terminal, docs/screens/: a test holds their text.
screens: setup images-for-tests
	PYTHONPATH=tests $(BIN)/python tools/screens/screens.py

# With the newest libraries that the ranges allow, which a user's installation gets.
test-latest: images-for-tests
	$(PYTHON) -m venv --clear .venv-latest
	.venv-latest/$(PIP_INSTALL) --upgrade 'pip>=25.1'
	.venv-latest/$(PIP_INSTALL) --editable '.[local]' --group dev
	.venv-latest/bin/pytest $(PARALLEL)

# AWS's image, or its stand-in alone.
python-image:
	@images/obtain.sh python

demo:
	@$(MAKE) --no-print-directory -j2 setup python-image
	$(BIN)/python demo/run.py

# Projects that are wrong in every way: no traceback, none over 10 s. Requests that are, to everything that listens:
# none stops it, breaks it or leaves anything.
fuzz: setup
	SAMLOCAL_FUZZ=$${SAMLOCAL_FUZZ:-5000} $(BIN)/pytest -q tests/cli/test_mutations.py tests/http_api/test_any_request.py tests/*/test_wild_*.py

bench: setup images-for-tests
	$(BIN)/python bench/run.py

# 1, 8 and 32 sandboxes in one process.
bench-many: setup python-image
	$(BIN)/python bench/many.py

# From a save to the new answer, 30 times each.
bench-saves: setup images-for-tests
	$(BIN)/python bench/saves.py

# 10,000 invocations with crashes, timeouts, saves, renewals, debuggers and commands among them: nothing grows. It
# writes its figures to bench/SOAK.md.
soak: setup python-image
	$(BIN)/python bench/soak.py --results bench/SOAK.md

# A thousand messages of which some fail, with a kill half-way: none may be lost.
soak-queues: setup python-image
	$(BIN)/python bench/queues.py

clean:
	rm -rf $(VENV) build/docs build/doctrees build/links build/ssh-server .bench-emulator .venv-bench .venv-bench-samlocal .venv-bench-earlier .venv-lock .venv-latest .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
