# Each target sets up what it needs in .venv; only Python 3.11 or newer and make have to be there.
PYTHON ?= python3
BIN := .venv/bin
TEST_ARGS ?=

.PHONY: demo test lint docs bench robustness clean

demo: .venv/plot
	$(BIN)/keras-transfer-sentiment demo --plot demo.png

test: .venv/test
	$(BIN)/pytest -n auto --dist worksteal $(TEST_ARGS)

lint: .venv/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: .venv/docs
	$(BIN)/sphinx-build -W -n -b html docs docs/_build/html

bench: .venv/benchmarks
	$(BIN)/python benchmarks/imdb.py
	$(BIN)/python benchmarks/chinese.py
	$(BIN)/python benchmarks/classes.py
	$(BIN)/python benchmarks/pretraining_speed.py
	$(BIN)/python benchmarks/pretraining_speed.py --wide --epochs 1 --seeds 1 --engines ours gensim
	$(BIN)/python benchmarks/training_step.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/ngrams.py
	$(BIN)/python benchmarks/prediction_speed.py

# Every script of tests/robustness in its large form; the small ones are tests.
robustness: .venv/test
	for script in $$(grep -l '^    run_script' tests/robustness/*.py); do \
		$(BIN)/python -m tests.robustness.$$(basename $$script .py) || exit 1; done

clean:
	rm -rf .venv docs/_build demo.png

# One stamp for each extra: installed again when what it depends on changes.
.venv/%: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@
