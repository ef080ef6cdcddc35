# Everything that a merchant's or a developer's machine needs: Python 3.11+ with venv, and make.
# `make help` lists the commands; gobiz_admin/stack/ holds what they do.

PYTHON ?= python3
ARGS ?=
VENV_PYTHON := .venv/bin/python
SETUP := $(PYTHON) gobiz_admin/stack/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help python setup setup-dev run test chaos check bench audit messages logs clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "  PORT (8000), SANDBOX_PORT (8100) and DEMO=0 are honoured: make run PORT=8001"

# Asked before anything else, in words that every Python understands.
python:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "Python 3.11 or newer is needed, and '$(PYTHON)' was not found: install it, or name it: make run PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and '$(PYTHON)' is older: install it, or name it: make run PYTHON=python3.12" >&2; exit 1; }

setup: python
	@$(SETUP) run

setup-dev: python
	@$(SETUP) dev

run: setup ## start everything, and stop it with Ctrl-C
	@exec $(VENV_PYTHON) -m gobiz_admin.stack.run

test: setup-dev ## lint, types, import rules and all tests; ARGS="tests/gobiz -k token" runs those tests only
	@exec $(VENV_PYTHON) -m gobiz_admin.stack.check $(if $(ARGS),--tests-only -- $(ARGS))

chaos: setup-dev ## the chaos suite in full: parts and servers die under 5,000 deliveries (about 5 minutes)
	@exec env CHAOS=full $(VENV_PYTHON) -m gobiz_admin.stack.test -q -rP tests/chaos $(ARGS)

check: setup-dev ## lint, types and import rules only
	@exec $(VENV_PYTHON) -m gobiz_admin.stack.check --no-tests

bench: setup-dev ## the benchmarks of bench/, on throw-away servers
	@exec $(VENV_PYTHON) -m gobiz_admin.stack.test --durable --run $(VENV_PYTHON) -m bench $(ARGS)

audit: setup-dev ## known vulnerabilities in the pinned packages (asks a service on the network)
	@exec $(VENV_PYTHON) -m pip_audit --requirement constraints.txt --no-deps --disable-pip

messages: setup-dev ## collect the texts to translate into gobiz_admin/locale/
	@exec $(VENV_PYTHON) -m gobiz_admin.stack.translations update

logs: ## follow the logs of the running parts
	@exec tail -n 20 -F "$${GOBIZ_DATA_DIR:-.local}"/logs/*.log

clean: python ## throw away local data, logs and caches (refused while it runs)
	@exec $(PYTHON) gobiz_admin/stack/clean.py
