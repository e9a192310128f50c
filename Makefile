# Each target sets up what it needs first: on a fresh machine that takes a few minutes, later nothing.
PYTHON ?= python3.11
RUN := .venv/bin/python
READY := .venv/.set-up

.PHONY: demo test lint bench setup

demo: setup  ## Follow a hand that moves in synthetic depth: in a window, or headless where there is no display.
	$(RUN) run_live.py --camera synthetic

test: setup  ## Run all tests; none needs a camera, a GPU or a screen.
	$(RUN) -m pytest

lint: setup  ## Check style and types.
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

bench: setup  ## Print the network's cost and the speed of each part.
	$(RUN) -m lighthand.benchmark cost
	$(RUN) -m lighthand.benchmark latency

setup: $(READY)  ## Make .venv with all packages, and install system libraries where allowed.

$(READY): pyproject.toml .ci/setup
	PYTHON="$(PYTHON)" .ci/setup
	touch $@
