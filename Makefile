# Two commands do everything on a fresh machine: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: browser types demo test stress stress-mutants check docs dist install vendor clean

types:  ## the compiler and the linter of the scripts in pages, which two tests need and skip without
	@command -v tsc >/dev/null || npm install --global --silent typescript@5 >/dev/null 2>&1 \
		|| echo "tsc cannot be installed here: the test of the modules' types will skip"
	@command -v eslint >/dev/null || npm install --global --silent eslint@10 >/dev/null 2>&1 \
		|| echo "eslint cannot be installed here: the test of the modules' style will skip"

demo: $(READY)  ## train on built-in data, end with runs/demo/demo.png and a page to try
	$(BIN)/amalgan demo

test: check  ## everything that must hold
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

browser:  ## Chromium, which tests of pages need and skip without
	@command -v chromium >/dev/null \
		|| (apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium) >/dev/null \
		|| echo "Chromium cannot be installed here: tests of pages in a browser will skip"

stress: $(READY)  ## keep every promise of docs/reliability.md, or say which is broken
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python -m stress --json benchmarks/results/stress.json

stress-mutants: $(READY)  ## remove one safeguard after the other: the stress run must fail each time
	OMP_NUM_THREADS=1 PYTHONPATH=tests $(BIN)/python -m stress.mutants --json benchmarks/results/stress_mutants.json

check: $(READY)  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)  ## the documentation site, in build/site: strict, and read offline
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "open build/site/index.html"

dist: $(READY)  ## wheel and source distribution, checked, and the wheel used in a bare environment
	$(BIN)/python scripts/dist.py

install: $(READY)

vendor:  ## fetch the run time of the page by npm, and compare it with the hashes that are kept
	$(PYTHON) scripts/vendor.py

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) runs build *.egg-info src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
