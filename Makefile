# Two commands: `make serve` and `make test`. Each makes what it needs and repeats nothing that stands.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: test check clean
$(VENV)/test.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/pytest

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache dist
