# `make demo` and `make test` need Python 3.11 or newer and make; what else they need, they install into .venv.

PYTHON ?= python3
ROWS ?= 33407
BIN := .venv/bin
# uv must use the environment of this folder, whatever environment is active.
UV := env -u VIRTUAL_ENV $(BIN)/uv

PAGE := src/narrowboat/web/ui/index.html
PAGE_SOURCES := $(wildcard ui/*.*) $(shell find ui/src -type f)

.PHONY: help setup demo test check lint kernel fix soak mongod django bench system-packages clean

help:
	@echo "make setup    the environment in .venv (the others do this by themselves)"
	@echo "make demo     sample data, a server, one export over HTTP; KEEP=1 leaves the server and its page running"
	@echo "make check    format, lint, types, imports, fast tests: under a minute"
	@echo "make test     the same, with all tests; on another Python: make test PYTHON=python3.13"
	@echo "make fix      format, and mend what the linter can mend"
	@echo "make soak     the long tests"
	@echo "make mongod   what reads MongoDB, over a real MongoDB server, which it fetches"
	@echo "make django   what touches Django, on the version of it that DJANGO names: make django DJANGO=6.0"
	@echo "make bench    exports beside their peers, in one process table"

setup: $(PAGE)

# Who names a Python gets it, also where the environment has another.
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(PYTHON) -V 2>&1),$(shell $(BIN)/python -V 2>&1))
.PHONY: $(BIN)/uv
endif
endif

$(BIN)/uv:
	sh scripts/make-venv.sh $(PYTHON)

.venv/.synced: pyproject.toml uv.lock $(BIN)/uv
	$(UV) sync --quiet --frozen --all-extras
	@touch $@

# The page. Node comes with the environment, so nobody installs it.
$(PAGE): .venv/.synced $(PAGE_SOURCES)
	$(BIN)/python ui/build.py
	@touch $@

demo: setup
	$(BIN)/narrowboat demo --folder .demo --rows $(ROWS) $(if $(KEEP),--keep)

check: lint kernel
	$(BIN)/pytest -q -m "not services" --ignore tests/unit/kernel tests/unit

# Every branch of the kernel is tested, or this fails.
kernel: setup
	$(BIN)/pytest -q tests/unit/kernel --cov=narrowboat.kernel --cov-branch --cov-fail-under=100 --cov-report=term:skip-covered

lint: setup
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python ui/build.py lint

# Browsers have the machine for themselves. Then two processes, a file at a time: most tests wait for servers.
test: lint kernel system-packages
	$(BIN)/pytest -m "browser and not soak" tests/browser
	$(BIN)/pytest -n 2 --dist loadfile -m "not soak and not browser and not mongod"

fix: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: setup system-packages
	$(BIN)/pytest -m soak --timeout 7200

# The server is the last that a distribution packages, and PyMongo 4.10 the last to speak with it.
mongod: setup system-packages
	@sh scripts/mongod.sh
	$(UV) pip install --quiet --target .mongod 'pymongo==4.10.1'
	PYTHONPATH=$(CURDIR)/.mongod MONGOD=$$(sh scripts/mongod.sh) $(BIN)/pytest -m "mongod and not soak" --timeout 600

# Another Django than uv.lock's, for this once: what is made next syncs again.
django: setup system-packages
	$(if $(DJANGO),rm .venv/.synced && $(UV) pip install --quiet "django==$(DJANGO).*")
	$(BIN)/pytest -n 2 --dist loadfile -m "not soak and not mongod" tests/django tests/unit/targets tests/unit/imports \
		$$(grep -l django tests/unit/*/test_*.py)

bench: setup
	$(BIN)/python -m benchmarks.export

system-packages:
	@sh scripts/system-packages.sh

clean:
	rm -rf src/narrowboat/web/ui ui/node_modules .venv .demo .benchmarks .mongod .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
