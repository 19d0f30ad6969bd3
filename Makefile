# `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
DEMO = out/demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types schemas golden docs screenshots parity bench bench-quick soak clean

help: ## List the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(STAMP) ## Make the environment in .venv.

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,dev]'
	touch $@

demo: $(STAMP) ## The main job on bundled data, offline: compile, stats, train, report.
	$(BIN)/agentdata compile agentdata/assets/sample --tokenizer bundled --template chatml \
	    --agent-template hermes --loss-scale hermes --max-length 2048 --split val=0.1 \
	    --out $(DEMO)/shards --overwrite
	$(BIN)/agentdata stats $(DEMO)/shards
	$(BIN)/agentdata stats $(DEMO)/shards --html $(DEMO)/report.html
	rm -rf $(DEMO)/train
	$(BIN)/agentdata train $(DEMO)/shards --model tiny --steps 50 --out $(DEMO)/train
	@echo
	@echo "shards             $(DEMO)/shards (rejected rows: $(DEMO)/shards/rejects.jsonl)"
	@echo "report of the data $(DEMO)/report.html"
	@echo "model              $(DEMO)/train/model"
	@echo "training, its loss $(DEMO)/train/report.json, $(DEMO)/train/loss.svg"

test: lint types ## Lint, types and the whole test suite.
	$(BIN)/pytest -n auto

lint: $(STAMP) ## ruff.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## mypy, strict on the package and the bench.
	$(BIN)/mypy
	$(BIN)/mypy bench

schemas: $(STAMP) ## Write schemas/ anew from the models.
	$(BIN)/python -m agentdata.schemas

golden: $(STAMP) ## Write the golden cases anew; look at the diff.
	$(BIN)/python tests/formats/golden_files.py
	$(BIN)/python tests/templates/render_cases.py
	git --no-pager diff --stat -- tests

docs: $(STAMP) ## Write docs/formats.md anew: formats, and what became of the reference data.
	$(BIN)/python docs/formats_table.py

screenshots: $(STAMP) ## Take the pictures in docs/images anew; needs Chromium.
	AGENTDATA_BROWSER=required AGENTDATA_IMAGES=1 $(BIN)/pytest tests/browser

parity: $(STAMP) ## Held against reference texts and weights; CASES=FILE.jsonl for others.
	@$(BIN)/python tests/parity.py $(CASES); status=$$?; \
	    $(BIN)/python tests/jinja_parity.py && exit $$status

bench: $(STAMP) ## Speed and memory, beside other libraries: docs/performance.md; half an hour.
	$(BIN)/python bench/run.py

bench-quick: $(STAMP) ## The same on few rows, to see that it works; writes to out/.
	mkdir -p out
	$(BIN)/python bench/run.py --quick --results out/bench.json --table out/performance.md

soak: $(STAMP) ## 200 compiles ended at random moments, faults of the machine, every character; some minutes.
	$(BIN)/python tests/soak.py
	$(BIN)/python tests/engine_cases.py

clean: ## Remove what make made.
	rm -rf $(VENV) out build .mypy_cache .pytest_cache .ruff_cache .hypothesis
