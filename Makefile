.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# for what is installed and, by older and newer pip, for what it is built with
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt

.PHONY: help demo demo-asterisk cluster test check generate evaluate bench bench-kafka

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/installed ## a simulated PBX under attack, contained, in your browser
	$(BIN)/ringfence demo

demo-asterisk: .venv/developing ## a real Asterisk robbed by real SIP, contained, in your browser
	scripts/system-packages sip-tester
	scripts/asterisk >/dev/null
	PYTHONPATH=. $(BIN)/python deploy/asterisk

cluster: .venv/installed ## the same on Kafka: workers, a gateway and two simulated PBXs on this machine
	scripts/system-packages postgresql
	$(BIN)/python deploy/cluster

test: .venv/developing ## everything, with real parts; installs and starts what it needs
	scripts/test

check: .venv/developing ## formatting, lint, types, import rules, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate --check

generate: .venv/developing ## the documents and schemas that follow from the code
	$(BIN)/python scripts/generate

evaluate: .venv/developing ## false alarms in honest months, and what is found of attacks, by what a PBX tells
	$(BIN)/python -m tests.evaluate

bench: .venv/developing ## speed and memory, as ratios within one run
	$(BIN)/python -m tests.bench

bench-kafka: .venv/developing ## the same through Kafka and Faust, beside a plain Faust agent
	scripts/system-packages postgresql
	$(BIN)/python -m tests.bench_kafka

.venv/installed: pyproject.toml constraints.txt
	scripts/venv $(PYTHON)
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/developing: .venv/installed
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@
