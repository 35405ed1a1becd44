# One word per job. `make check` is what a change has to pass; pre-commit runs the same.

PYTHON ?= $(firstword $(wildcard .venv/bin/python) python3)
export PATH := $(abspath $(dir $(PYTHON))):$(PATH)

.PHONY: check lint types contracts fast test manual tables man bench fuzz format install

check: lint types contracts fast

lint:
	ruff check .
	ruff format --check .

# An editable install is invisible to mypy, so it reads the packages under their real names here.
types: build/house/gradcalc
	MYPYPATH=build/house mypy

build/house/gradcalc:
	mkdir -p $@
	ln -sfn ../../../cli ../../../grammar ../../../grad $@

contracts:
	lint-imports --no-logo

fast:
	pytest -q -n 2 -m 'not slow'

test:
	pytest -n 2

# Rewrite what the manual shows with what the commands print now; then read the diff.
manual:
	pytest -q tests/test_manual.py --update-manual

# Rewrite the parser's tables after a change of a grammar file, and the list of functions for
# completion after a change of a signature.
tables: build/house/gradcalc
	PYTHONPATH=build/house python -m gradcalc.grammar.lark_tables
	PYTHONPATH=build/house python -m gradcalc.grammar.vocabulary_writer

# Rewrite the manual page after a change of an option.
man:
	gradcalc man --isolated > docs/gradcalc.1

# Hostile input, guided by coverage or made by hypothesis:
# make fuzz KIND=expr SECONDS=600 BY=hypothesis
fuzz: build/house/gradcalc
	PYTHONPATH=build/house python -m tests.fuzz $(or $(KIND),expr) \
		--seconds $(or $(SECONDS),600) --by $(or $(BY),atheris)

# Measure, beside what can be compared with, and write docs/benchmarks.md.
bench:
	python -m benchmarks

format:
	ruff check --fix .
	ruff format .

install:
	python3 -m venv .venv
	.venv/bin/python -m pip install -e '.[test]'
