# make run · make demo · make test: each does all the set-up that it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 5000

.PHONY: help run demo test test-all test-system lint lint-web types bench screenshots audit migration translations clean

help:
	@echo "make run          set up and start Aniworld (PORT=$(PORT))"
	@echo "make demo         the same on a bundled catalogue, without the internet"
	@echo "make test         the tests, all but the slow ones; make test-all runs those too; ARGS=tests/library for some of them"
	@echo "make test-system  what depends on the interpreter, on $(SYSTEM_PYTHON)"
	@echo "make bench        benchmarks, as ratios; writes docs/benchmarks.md"
	@echo "make screenshots  regenerate docs/screenshots"
	@echo "make lint types audit translations migration clean"

# The set-up holds for one Python: it is done again for another one in its place, as after an upgrade of the system.
# A Python that is named (PYTHON=python3.12) is compared with it each time.
TAG = import sys; print(sys.implementation.cache_tag)
SET_UP_FOR := $(BIN)/.python-$(shell $(BIN)/python -c '$(TAG)' 2>/dev/null || echo none)

.PHONY: python
python:
	@sh tools/make_venv.sh "$(PYTHON)" "$(VENV)"

$(SET_UP_FOR): | python
	@touch "$(BIN)/.python-$$($(BIN)/python -c '$(TAG)')"

$(BIN)/.run: requirements.txt $(SET_UP_FOR) $(if $(filter file,$(origin PYTHON)),,| python)
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
	@$(BIN)/python -m tools.run_tests $(ARGS)

test-all: $(BIN)/.test
	@$(BIN)/python -m tools.run_tests --slow $(ARGS)

# On the Python that the system has, where it is another one than PYTHON: what depends on the interpreter.
SYSTEM_PYTHON ?= /usr/bin/python3
SYSTEM_TESTS := tests/core tests/config tests/legacy tests/library tests/models tests/providers tests/services \
	tests/upgrade tests/test_requirements.py tests/app/test_main_job.py
test-system:
	$(MAKE) test PYTHON=$(SYSTEM_PYTHON) VENV=.venv-system ARGS="$(SYSTEM_TESTS) $(ARGS)"

lint: $(BIN)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint aniworld/web/templates --lint --quiet
	@$(MAKE) --no-print-directory lint-web

# JavaScript and CSS; Node.js is needed for nothing else.
lint-web:
	@if command -v npm >/dev/null; then \
		$(MAKE) --no-print-directory node_modules/.package-lock.json && \
		node_modules/.bin/biome check --error-on-warnings .; \
	elif [ "$(CI)" = true ]; then \
		echo "npm is missing, and JavaScript and CSS have to be checked; install nodejs and npm." >&2; exit 1; \
	else \
		echo "npm is missing, so JavaScript and CSS are not checked; install nodejs and npm to do so." >&2; \
	fi

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --silent --no-audit --no-fund
	@touch $@

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
	@test -n "$(NAME)" || { echo "State what changes in a few words: make migration NAME=series_rating" >&2; exit 2; }
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && export ANIWORLD_INSTANCE=$$folder ANIWORLD_DATABASE_URL= && \
		$(BIN)/flask --app wsgi db upgrade && $(BIN)/flask --app wsgi db migrate -m "$(NAME)"
	@echo "Read what was written, format it, and try it with the tests in tests/models and tests/upgrade."

clean:
	rm -rf $(VENV) .venv-system .pytest_cache .mypy_cache .ruff_cache .hypothesis build node_modules
