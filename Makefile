# `make help` lists the targets. PYTHON names the interpreter that makes .venv, CHROMIUM the tests' browser; HOST, PORT,
# COACHBASE_DATA and the other settings of docs/operations.md pass through to the app.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DELETE_ON_ERROR:

PYTHON ?= python3
CHROMIUM ?= /usr/bin/chromium
export CHROMIUM
export PIP_DISABLE_PIP_VERSION_CHECK := 1

venv := .venv
python := $(venv)/bin/python
# A stamp is newer than its lock once the lock is installed.
run_stamp := $(venv)/.requirements.lock
dev_stamp := $(venv)/.requirements-dev.lock
einvoice_stamp := $(venv)/.requirements-einvoice.lock

# one more than there are processors: browser tests wait for the browser now and then
spread := -n $(shell expr $$(nproc) + 1) --dist worksteal

.PHONY: help run test check fix bench shots soak einvoice lock clean chromium poppler

help: ## list what make can do
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

run: $(run_stamp) ## start coachbase (web and worker) and print its address
	@$(python) app.py migrate
	@exec $(python) app.py serve

test: $(dev_stamp) chromium poppler ## install what the tests need, then run them all
	@exec $(python) -m pytest $(spread)

check: $(dev_stamp) chromium poppler ## the gate: style, import contracts, templates, types, dependencies, tests
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(venv)/bin/lint-imports
	$(venv)/bin/djlint --lint --quiet templates
	$(python) -m mypy
	$(venv)/bin/deptry .
	$(python) -m pytest $(spread)

fix: $(dev_stamp) ## mend style where a machine can
	$(python) -m ruff check --fix .
	$(python) -m ruff format .

bench: $(dev_stamp) ## measure speed, size and memory as ratios in one run (bench/last.json)
	@exec $(python) bench/run.py

shots: $(dev_stamp) chromium ## picture every main page of the sample practice, both themes, two widths (shots/)
	@exec $(python) -m tests.browser.shots

soak: $(dev_stamp) chromium ## the long tests: 1,000 kills, 1,600 bookings and 2,400 invoices at once
	@ATTEMPTS=$${ATTEMPTS:-1600} exec $(python) -m pytest tests/scheduling/test_races_http.py
	@ATTEMPTS=$${ATTEMPTS:-2400} exec $(python) -m pytest tests/numbers/test_numbers_http.py
	@KILLS=$${KILLS:-1000} exec $(python) -m pytest -m kills

einvoice: $(einvoice_stamp) ## install what electronic invoices need (EN 16931, Factur-X)

lock: ## pin every dependency of pyproject.toml with its hashes in the three lock files
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(PYTHON) -m venv "$$scratch"; \
	"$$scratch/bin/pip" install -q pip-tools==7.6.2; \
	export CUSTOM_COMPILE_COMMAND='make lock'; \
	compile="$$scratch/bin/pip-compile -q --generate-hashes --no-emit-options --strip-extras --no-annotate --allow-unsafe"; \
	compile+=" --no-emit-index-url --no-emit-trusted-host --no-emit-find-links"; \
	$$compile -o requirements.lock pyproject.toml; \
	$$compile --extra einvoice -c requirements.lock -o requirements-einvoice.lock pyproject.toml; \
	$$compile --extra dev --extra einvoice -c requirements-einvoice.lock -o requirements-dev.lock pyproject.toml

clean: ## remove what make made (not data/)
	rm -rf $(venv) shots bench/last.json .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

chromium:
	@tools/ensure chromium test -x $(CHROMIUM)

# pdfsig: somebody else's program must find our seals valid
poppler:
	@tools/ensure poppler-utils sh -c 'command -v pdfsig'

# The venv counts as made only with its pip in it: without python3-venv, Python leaves half of one behind.
$(venv)/bin/pip:
	@tools/ensure python3-venv $(PYTHON) -c 'import ensurepip, venv'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "coachbase needs Python 3.11 or newer: set PYTHON=python3.11 and try again.")'
	@$(PYTHON) -m venv --clear $(venv)

$(run_stamp): requirements.lock | $(venv)/bin/pip
$(dev_stamp): requirements-dev.lock | $(venv)/bin/pip
$(einvoice_stamp): requirements-einvoice.lock | $(venv)/bin/pip

$(run_stamp) $(dev_stamp) $(einvoice_stamp):
	@echo "Installing $<…"
	@$(python) -m pip install -q --no-input --require-hashes -r $< || { echo "$< was not installed: see pip's lines above, mend that, and try again." >&2; exit 1; }
	@touch $@
