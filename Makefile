# make run · make demo · make test: each does all the set-up that it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 5000

.PHONY: help run demo test test-all lint types bench screenshots audit migration translations clean

help:
	@echo "make run          set up and start Aniworld (PORT=$(PORT))"
	@echo "make demo         the same on a bundled catalogue, without the internet"
	@echo "make test         the tests, all but the slow ones; make test-all runs those too"
	@echo "make bench        benchmarks, as ratios; writes docs/benchmarks.md"
	@echo "make screenshots  docs/screenshots anew"
	@echo "make lint types audit translations migration clean"

$(BIN)/.run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Aniworld needs Python 3.11 or newer; this is %d.%d. Set PYTHON=python3.12 or similar." % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m compileall -q aniworld wsgi.py # so that the first start is as quick as the later ones
	@touch $@

$(BIN)/.test: requirements.txt requirements-dev.txt $(BIN)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(BIN)/.run
	$(BIN)/python -m aniworld run --port $(PORT)

demo: $(BIN)/.run
	$(BIN)/python -m aniworld demo --port $(PORT)

test: $(BIN)/.test
	@$(BIN)/python tools/check_machine.py
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not slow and not browser" $(ARGS)
	$(BIN)/python -m pytest -m "browser and not slow"

test-all: $(BIN)/.test
	@$(BIN)/python tools/check_machine.py
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not browser" $(ARGS)
	$(BIN)/python -m pytest -m browser

lint: $(BIN)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(BIN)/.test
	$(BIN)/mypy

bench: $(BIN)/.test
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(BIN)/.test
	$(BIN)/python tools/screenshots.py

audit: $(BIN)/.test
	@$(BIN)/python tools/audit.py

translations: $(BIN)/.test
	$(BIN)/pybabel compile -d aniworld/web/translations

migration: $(BIN)/.test
	$(BIN)/python tools/new_migration.py "$(NAME)"

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build
