PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= data
RECORDS ?= seeds
VENDOR := src/pfocr_rdf/web/static/vendor

.PHONY: help run build editor test check bench bench-serve clean
.DEFAULT_GOAL := help

help:   ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{sub(/:.*/, "", $$1); printf "%-12s %s\n", $$1, $$2}'

run: build editor  ## Build the sample records and serve them at http://127.0.0.1:7878/sparql
	$(BIN)/pfocr-rdf serve --data $(DATA)

build: $(VENV)/ready  ## Build a release from RECORDS (seeds) into DATA (data)
	$(BIN)/pfocr-rdf build $(RECORDS) --data $(DATA)

editor: $(VENDOR)/yasgui.min.js  ## Put the query editor of the pages into the package; needs npm

test: check  ## Everything CI runs

check: $(VENV)/ready editor  ## Format, lint, types, and all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadfile

bench: $(VENV)/ready  ## Measure the build beside the bulk load of its own triples
	$(BIN)/python benchmarks/build.py $(RECORDS)

bench-serve: $(VENV)/ready  ## Measure the endpoint beside Oxigraph's own server; needs wrk
	$(BIN)/python benchmarks/serve.py $(RECORDS)

clean:  ## Remove what was built, not the data folder
	rm -rf $(VENV) $(VENDOR) node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# The environment: everything pinned in pyproject.toml, installed once and again when it changes.
$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@

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
