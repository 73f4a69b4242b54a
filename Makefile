# `make up` is all that a newcomer types; `make` alone shows what else there is.
# `make up ARGS="--help"` hands ARGS to the program.

.DEFAULT_GOAL := help

# The virtual environment is ours: without its bytecode every command takes a second longer.
unexport PYTHONDONTWRITEBYTECODE

# Whole files side by side, in the order of tests/side_by_side.py: more at a time than there are
# cores, for even unit tests wait a quarter of their time.
BESIDE = .venv/bin/pytest --numprocesses $$(( $$(nproc) * 3 / 2 )) --dist loadfile --no-loadscope-reorder

.PHONY: help up demo test bench check format assets screenshots lock clean run-venv dev-venv
.PHONY: ruff types layers pages

help:
	@echo "make up      start everything on this machine: Asterisk, the database, the IVR server"
	@echo "make demo    the same on free ports, and a scripted phone that calls the sample IVR"
	@echo "make test    run all checks and all tests"
	@echo "make bench   measure calls per second, CPU per call and times to sound"
	@echo "make check   formatting, lint, types, layers"
	@echo "make format  format the code and mend what can be mended"
	@echo "make assets  build the portal's pages (all of the above do when they have to)"
	@echo "make screenshots  take the README's pictures anew, into docs/images"
	@echo "make lock    choose the versions in requirements/ anew"
	@echo "make clean   remove the virtual environment and caches (calls and settings stay)"

up: run-venv assets
	@.venv/bin/ivrserver up $(ARGS)

demo: run-venv assets
	@.venv/bin/ivrserver demo $(ARGS)

# Those marked `alone` come last, one after the other.
test: check
	$(BESIDE) tests/unit tests/migration $(ARGS)
	$(BESIDE) -m "not alone" tests/browser $(ARGS)
	$(BESIDE) -m "not alone" tests/contract tests/telephony $(ARGS)
	.venv/bin/pytest -m alone tests/telephony tests/browser $(ARGS)

bench: dev-venv assets
	.venv/bin/python -m benchmarks $(ARGS)

# All at once, and what one of them prints stays together.
check: dev-venv assets
	@$(MAKE) --no-print-directory --jobs --output-sync=target ruff types layers pages

ruff:
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

types:
	.venv/bin/mypy

layers:
	.venv/bin/lint-imports

pages:
	@sh frontend/build.sh check

format: dev-venv
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	@sh frontend/build.sh format

# Needs one of the two environments, and takes whichever is there.
assets:
	@[ -x .venv/bin/python ] || sh requirements/install.sh run
	@sh frontend/build.sh run

screenshots: dev-venv assets
	.venv/bin/python -m tests.browser.pictures

lock:
	@sh requirements/lock.sh

clean:
	rm -rf .venv frontend/node_modules ivrserver/web/assets
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

run-venv:
	@sh requirements/install.sh run

dev-venv:
	@sh requirements/install.sh dev
