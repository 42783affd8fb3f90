# Everything runs in .venv, made here from pyproject.toml and the pinned versions in .ci/constraints.txt, which are the
# same on every Python.
# A fresh machine needs Python >= 3.11, make and git, nothing else.
PYTHON ?= python3
VENV   := .venv
PEERS  := .venv-bench
READERS := .venv-readers
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# A variable that forbids cached bytecode makes each test worker and each command that a test starts compile all of its
# modules again: a third of the time of `make test`.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := check
.PHONY: demo test suite test-all lint check docs proofs readers soak nights bench bench-quick clean constraints

$(STAMP): pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "swr-crawler needs Python 3.11 or newer: make PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## crawl the embedded emulator and leave a snapshot in output/
	$(BIN)/swr-crawler demo

test: $(STAMP)  ## the whole suite with its branch coverage gates
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 4 --dist worksteal
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=90
	$(BIN)/coverage report --fail-under=100 --include="$$($(BIN)/python -m tests.layers)"

TESTS ?= tests
suite: $(STAMP)  ## the whole suite, or TESTS of it, without measuring coverage
	$(BIN)/pytest -n 4 --dist worksteal $(TESTS)

PYTHONS ?=
test-all:  ## the suite on each supported Python of this machine, and on those in PYTHONS; each has a venv of its own
	@set -e; found=$$($(PYTHON) -m tests.support.interpreters $(PYTHONS)); failed=; for one in $$found; do \
	    echo "== Python $$one"; \
	    $(MAKE) --no-print-directory suite PYTHON="$${one#*=}" VENV=".venv-$${one%%=*}" || failed="$$failed $${one%%=*}"; \
	done; [ -z "$$failed" ] || { echo "the suite failed on Python$$failed"; exit 1; }

lint: $(STAMP)  ## ruff with everything on, and strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test

docs: $(STAMP)  ## write the generated pages of docs/reference from the tables in the code
	$(BIN)/python -m tests.docs.generate

proofs: $(STAMP)  ## the slow proofs, big crawls, and every property with thousands of examples
	$(BIN)/pytest -m 'slow or hypothesis' --hypothesis-profile thorough -n 2 --timeout 900

$(READERS)/.installed: tests/readers/requirements.txt
	$(PYTHON) -m venv $(READERS)
	$(READERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r tests/readers/requirements.txt
	@touch $@

readers: $(STAMP) $(READERS)/.installed  ## the snippets of docs/how-to/read.md, each in its own tool
	READERS=required $(BIN)/pytest tests/readers

MINUTES ?= 5
SEED    ?= 1
soak: $(STAMP)  ## random faults, drift, kills and resumes for MINUTES, from SEED on; prints what there was
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --seed $(SEED)

NIGHTS ?= 1000
nights: $(STAMP)  ## random nights of faults, outages, changes and kills; prints how they ended
	$(BIN)/python -m tests.nights --nights $(NIGHTS) --seed $(SEED)

$(PEERS)/.installed: tests/bench/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt
	@touch $@

bench: $(STAMP) $(PEERS)/.installed  ## how fast: half an hour; BENCH='--workload bulk --rounds 7' for less or more
	$(BIN)/python -m tests.bench $(BENCH)

bench-quick: $(STAMP)  ## the same without peers, under a minute
	$(BIN)/python -m tests.bench --quick $(BENCH)

constraints: $(STAMP)  ## pin what the venv holds now
	$(BIN)/python -m pip freeze --exclude-editable > .ci/constraints.txt

clean:
	rm -rf $(VENV) .venv-3.* $(PEERS) $(READERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
