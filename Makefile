# Each target sets up what it needs first: on a fresh machine that takes a few minutes, later nothing.
PYTHON ?= python3.11
RUN := .venv/bin/python
READY := .venv/.set-up

.PHONY: demo test lint bench pictures setup

demo: setup  ## Follow a hand that moves in synthetic depth: in a window, or headless where there is no display.
	$(RUN) run_live.py --camera synthetic

test: setup  ## Run all tests; none needs a camera, a GPU or a screen.
	$(RUN) -m pytest

lint: setup  ## Check style and types.
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

REPORT ?= out/benchmarks.md
RECORDING := out/hand-848x480-90
# What the networks cost; how fast they, their peers and the whole path are; a recording played at 90
# frames a second; a RealSense's frames from the SDK to the slot; the recorder beside the tracker, and after a kill;
# the window, on a screen that the CPU draws, and the program without it.
bench: setup $(RECORDING)/camera.yaml  ## Measure this machine. MediaPipe's networks come with its wheel, without what it needs.
	-$(RUN) -m pip install -q 'ai-edge-litert>=2.0,<3'
	-$(RUN) -m pip install -q --no-deps mediapipe==0.10.21
	$(RUN) -m lighthand.benchmark cost
	$(RUN) -m lighthand.benchmark latency --peers --json out/benchmarks.json --report $(REPORT)
	$(RUN) run_live.py --camera replay --source $(RECORDING) --loop --headless --seconds 30
	PYTHONPATH=. $(RUN) tests/app/bench_realsense.py --seconds 60 --fps 90
	PYTHONPATH=. $(RUN) tests/app/bench_recording.py --source $(RECORDING) --out out/bench.mcap --seconds 60
	PYTHONPATH=. xvfb-run -a -s "-screen 0 1280x720x24" $(RUN) tests/app/bench_window.py --seconds 60

$(RECORDING)/camera.yaml: | setup
	rm -rf $(RECORDING)
	$(RUN) -m lighthand.synthesis.record --out $(RECORDING) --size 848x480 --fps 90 --seconds 3

pictures: setup  ## Renew the README's pictures from the real program, on a virtual screen.
	xvfb-run -a -s "-screen 0 1280x720x24" $(RUN) -m app.viewer.pictures --out docs
	$(RUN) -m lighthand.synthesis.sheet --rows 4 --out docs/synthesis.png
	$(RUN) -m lighthand.evaluate --data synthetic --sheet docs/validation.png --reliability docs/reliability.png
	$(RUN) -c "from pathlib import Path; from lighthand.train import plot; plot(Path('weights/training.csv'), Path('docs/training.png'))"

setup: $(READY)  ## Make .venv with all packages, and install system libraries where allowed.

$(READY): pyproject.toml .ci/setup
	PYTHON="$(PYTHON)" .ci/setup
	touch $@
