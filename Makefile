# The register's commands; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check dev bench lock translations

BIN := .venv/bin

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## install into .venv (every other command does this itself)
	@bash tools/setup.sh

setup-dev:
	@bash tools/setup.sh --dev

run: setup ## start the register: http://127.0.0.1:8000/ (PORT=8001 make run)
	@bash tools/run.sh

test: setup-dev ## run every test (ARGS="tests/db -k audit" for some)
	@bash tools/test.sh $(ARGS)

check: setup-dev ## lint, types, import contracts, templates, translations, rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy register config app.py
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m pytest -q tests/rules

dev: setup-dev ## start it for development: code reloads, errors show
	@bash tools/run.sh dev

bench: setup-dev ## measure the speed promises against floors of the same run
	@bash tools/bench.sh $(ARGS)

lock: setup-dev ## lock the dependencies of pyproject.toml anew, with hashes
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

translations: setup-dev ## write new sentences into the catalogues
	@bash tools/translations.sh
