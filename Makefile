PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= pfocr-data
RECORDS ?= seeds
VENDOR := src/pfocr_rdf/web/static/vendor
COMUNICA := build/comunica
VALIDATOR := build/validator

# Tests of times, processes and other servers also depend on what else the machine does: those that
# fail are run once more, alone, and the output has both runs.
AGAIN := $(BIN)/pytest -q --last-failed --last-failed-no-failures none

.PHONY: help run build editor comunica validator test test-long check bench bench-federation bench-serve bench-pages lock clean
.DEFAULT_GOAL := help

# Where the environment forbids bytecode, each of the hundreds of processes that the tests start
# would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

help:   ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{sub(/:.*/, "", $$1); printf "%-12s %s\n", $$1, $$2}'

run: build editor  ## Build the sample records and serve them at http://127.0.0.1:7878/
	$(BIN)/pfocr-rdf serve --data $(DATA)

build: $(VENV)/ready  ## Build a release from RECORDS (seeds) into DATA (pfocr-data)
	$(BIN)/pfocr-rdf build $(RECORDS) --data $(DATA)

editor: $(VENDOR)/yasgui.min.js  ## Put the query editor of the pages into the package; needs npm

comunica: $(COMUNICA)/ready  ## Install Comunica, which tests call the endpoint from; needs npm

validator: $(VALIDATOR)/ready  ## Install what the tests check HTML with; needs npm

test: check  ## Format, lint, types, and all tests but those that take long

test-long: $(VENV)/ready  ## The tests that take long: all pages of the real records, a kill before every operation, fifty releases
	$(BIN)/pytest -q -n 3 -m long --ignore tests/timed || $(AGAIN) -m long --ignore tests/timed
	$(BIN)/pytest -q -m long tests/timed || $(AGAIN) -m long tests/timed

# Three at a time on two cores: many wait for the disk, or for processes that they started. Files
# keep their order: if those with the most tests came first, those with a few long ones would be
# left to the end. Timed tests mostly wait, so that two at a time do not disturb each other.
check: $(VENV)/ready editor  ## Format, lint, types, and all tests but those that take long
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/timed || $(AGAIN) --ignore tests/timed
	$(BIN)/pytest -q -n 2 --dist loadfile tests/timed || $(AGAIN) tests/timed

bench: $(VENV)/ready  ## Measure the build beside the bulk load of its own triples
	$(BIN)/python benchmarks/build.py $(RECORDS)

bench-federation: $(VENV)/ready  ## Measure a federated query beside the same join by hand; needs Virtuoso
	$(BIN)/python benchmarks/federation.py

bench-serve: $(VENV)/ready  ## Measure the endpoint beside Oxigraph's own server; needs wrk
	$(BIN)/python benchmarks/serve.py $(RECORDS)

bench-pages: $(VENV)/ready  ## Measure the pages and the search
	$(BIN)/python benchmarks/pages.py $(RECORDS)

lock: $(VENV)/ready  ## Write the version of every package of the environment to constraints.txt
	(echo '# What the environment is made of; written by `make lock`.' && \
	  $(BIN)/python -m pip freeze --exclude-editable) >constraints.new && mv constraints.new constraints.txt

clean:  ## Remove what was built, not the data folder
	rm -rf $(VENV) $(VENDOR) node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# The environment: what pyproject.toml names, and what that needs in the versions of constraints.txt;
# installed once and again when either changes.
$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed, $(PYTHON) is " + v.split()[0] + ": give another, as in make PYTHON=python3.11 build")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	touch $@

# Comunica is 80 MB of 500 packages, so it is not among those of the editor. Their scripts are not
# run. Without it the tests with it are skipped, and say so.
$(COMUNICA)/ready: tests/comunica/package.json tests/comunica/package-lock.json
	@if ! command -v npm >/dev/null; then \
	  echo "NO NPM: Comunica is left out, nothing is tested with it" >&2; \
	else \
	  mkdir -p $(COMUNICA) && \
	  cp tests/comunica/package.json tests/comunica/package-lock.json $(COMUNICA)/ && \
	  cd $(COMUNICA) && \
	  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && \
	  touch ready; \
	fi

# Without it the HTML of the pages is checked by the tests' own rules alone. No scripts are run.
$(VALIDATOR)/ready: tests/validator/package.json tests/validator/package-lock.json
	@if ! command -v npm >/dev/null; then \
	  echo "NO NPM: the validator of HTML is left out" >&2; \
	else \
	  mkdir -p $(VALIDATOR) && \
	  cp tests/validator/package.json tests/validator/package-lock.json $(VALIDATOR)/ && \
	  cd $(VALIDATOR) && \
	  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && \
	  touch ready; \
	fi

# YASGUI, pinned in package.json with all that it needs, and its licences. Its scripts are not run.
# Without npm the page of the editor is a plain form.
$(VENDOR)/yasgui.min.js: package.json package-lock.json
	@if ! command -v npm >/dev/null; then \
	  echo "NO NPM: the query editor is left out, /sparql is a plain form" >&2; \
	else \
	  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && \
	  mkdir -p $(VENDOR) && \
	  tail -n +1 node_modules/*/LICENSE* node_modules/@*/*/LICENSE* >$(VENDOR)/licences.txt && \
	  cp node_modules/@zazuko/yasgui/build/yasgui.min.css $(VENDOR)/ && \
	  cp node_modules/@zazuko/yasgui/build/yasgui.min.js $@; \
	fi
