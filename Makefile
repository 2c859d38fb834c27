# Guanxi. `make` alone explains itself.
PYTHON ?= python3
PORT ?= 8000
DATA ?= .guanxi
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check bench stack demo lock clean

help: ## show this help
	@printf 'Guanxi: live, explained relationship strength for banks\n\n'
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'
	@printf '\n  PORT=%s DATA=%s can be overridden: make run PORT=9000 DATA=/tmp/bank\n' '$(PORT)' '$(DATA)'

$(VENV)/run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Guanxi needs Python 3.11 or newer (set PYTHON=…)'; exit 1; }
	@echo 'Preparing $(VENV) with the locked dependencies (the first time takes a minute)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --require-hashes --requirement requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/run
	@echo 'Adding the locked test and quality tools'
	@$(PIP) install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@

run: $(VENV)/run ## start everything in one process on SQLite with a demo bank, and show its scores
	@$(BIN)/guanxi up --port $(PORT) --data $(DATA) --demo

demo: $(VENV)/run ## load the demo bank into a running Guanxi (GUANXI_URL, GUANXI_TOKEN)
	@$(BIN)/guanxi demo

stack: $(VENV)/run ## start a real Kafka, a real PostgreSQL and every service on this machine, without Docker
	@$(BIN)/python -m deploy.local

test: $(VENV)/dev ## run every test; those that need Kafka and PostgreSQL start the real ones where they can be had
	@$(BIN)/pytest $(PYTEST_ARGS)

check: $(VENV)/dev ## formatting, lint, types, architecture, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/deptry .

bench: $(VENV)/dev ## measure against limits and peers in the same run, print one table, write JSON
	@$(BIN)/python -m tests.bench

lock: ## resolve the dependencies anew and lock them with hashes (needs uv)
	uv pip compile pyproject.toml --extra telemetry --quiet --generate-hashes --universal --python-version 3.11 \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock
	uv pip compile pyproject.toml --extra telemetry --group dev --quiet --generate-hashes --universal --python-version 3.11 \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links -c requirements.lock -o requirements-dev.lock

clean: ## remove the virtual environment, caches and the demo bank's data
	@rm -rf $(VENV) .guanxi .pytest_cache .ruff_cache .hypothesis .schemathesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
