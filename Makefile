# make demo   a real model and its fine-tune, decoded, linked and shown
# make test   every test, a real Neo4j among them where Java 17+ and Maven are
# make lint   ruff and mypy        make bench  rates beside the machine's limits
# make docs   the generated pages  make clean  what the others made
# make faults noise for every parser, then each command killed or refused at every system call that writes: hours; needs strace
#
# PYTHON chooses the interpreter (3.11 or newer); PIP_ARGS is handed to pip, to choose where torch comes from;
# WORKERS is how many processes share the tests, one thread each.

PYTHON ?= python3
PIP_ARGS ?=
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
NAMES := build/names
# The environment is made anew only when the dependencies or the interpreter change.
KEY = $(shell cat pyproject.toml | $(PYTHON) -c 'import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read() + sys.version.encode()).hexdigest()[:16])')

.PHONY: demo test lint bench docs faults clean install

install:
	@test -f $(VENV)/$(KEY).done || { \
		$(PYTHON) -c 'import sys; sys.exit("neuronkb needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; set PYTHON=...") if sys.version_info < (3, 11) else None' \
		&& echo "Installing into $(VENV) (torch is large: some minutes, once)" \
		&& $(PYTHON) -m venv $(VENV) \
		&& $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -e '.[dev]' \
		&& rm -f $(VENV)/*.done && touch $(VENV)/$(KEY).done; }
	@mkdir -p $(NAMES) && ln -sfn ../.. $(NAMES)/neuronkb

demo: install
	@$(BIN)/python -m examples.demo

test: install
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: install
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: install
	@$(BIN)/python -m benchmarks

faults: install
	@$(BIN)/python -m benchmarks.noise
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.faults --out build/faults.json
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.faults load ingest --store neo4j --faults kill --out build/faults-neo4j.json

docs: install
	@$(BIN)/python -m neuronkb.kb.docs docs

clean:
	rm -rf $(VENV) build .cache .mypy_cache .pytest_cache .ruff_cache
