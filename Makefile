# make demo   a real model and its fine-tune, decoded, linked and shown
# make test   the tests, a real Neo4j among them where Java 17+ and Maven are
# make lint   ruff and mypy        make bench  rates beside the machine's limits
# make docs   the generated pages  make clean  what the others made
# make long   the tests that `make test` leaves out too: minutes that show on Neo4j, or once more, what others show
# make faults noise for every parser, then each command killed or refused at every system call that writes: hours; needs strace
# make lock   constraints.txt, the versions of what is installed
#
# PYTHON chooses the interpreter (3.11 or newer); PIP_ARGS is handed to pip (or to uv, where that is installed), to choose where torch comes from;
# WORKERS is how many processes share the tests, one thread each.

PYTHON ?= python3
PIP_ARGS ?=
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
NAMES := build/names
# The environment is made anew only when the dependencies or the interpreter change.
KEY := $(shell cat pyproject.toml constraints.txt | $(PYTHON) -c 'import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read() + sys.version.encode()).hexdigest()[:16])')

UV := $(shell command -v uv 2> /dev/null)
PIP = $(if $(UV),$(UV) pip install --python $(BIN)/python,$(BIN)/python -m pip install --disable-pip-version-check)
FREEZE = $(if $(UV),$(UV) pip freeze --python $(BIN)/python,$(BIN)/python -m pip freeze)
NAMED = mkdir -p $(NAMES) && ln -sfn ../.. $(NAMES)/neuronkb
# $(call into,EXTRA,OPTIONS)
into = $(PYTHON) -c 'import sys; sys.exit("neuronkb needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; set PYTHON=...") if sys.version_info < (3, 11) else None' \
	&& echo "Installing into $(VENV), once, 2 to 6 minutes: about $(SIZE)." \
	&& echo "Most of it is torch for NVIDIA GPUs; without one, PIP_ARGS can name an index of CPU builds (README.md)." \
	&& $(PYTHON) -m venv $(VENV) \
	&& $(PIP) $(PIP_ARGS) $(2) -e '.[$(1)]' \
	&& rm -f $(VENV)/*.done && touch $(VENV)/$(KEY)-$(1).done

.PHONY: demo test long lint bench docs faults lock clean install install-demo

# The demo needs less than the tests do; what has the tests' packages has the demo's.
install-demo: SIZE = 3.5 GB to download, 6.9 GB on disk
install-demo:
	@test -f $(VENV)/$(KEY)-dev.done || test -f $(VENV)/$(KEY)-demo.done || { $(call into,demo,); }
	@$(NAMED)

install: SIZE = 4 GB to download, 7.5 GB on disk
install:
	@test -f $(VENV)/$(KEY)-dev.done || { $(call into,dev,-c constraints.txt); }
	@$(NAMED)

# The versions that the tests last passed with, for `make install`.
lock: install
	@$(FREEZE) --exclude-editable | grep -v '^neuronkb' > constraints.txt

demo: install-demo
	@$(BIN)/python -m examples.demo

long: install
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --long

test: install
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

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
