# Every target sets up what it needs: a virtual environment in .venv with the package and its tools.
PYTHON ?= python3
BIN := .venv/bin
RUNS ?= runs
FUZZ ?= 10000
SEED ?= 0
KILLS ?= 10

.PHONY: demo test check fuzz bench grid grid-small finetune report tensorboard hourglass clean

# Every filter of conf/model, asked for when it is needed, for the package is installed then.
FILTERS = $(shell $(BIN)/python -c "from temporal_pose.files.options import filters; print(','.join(['identity', *filters()]))")

# The main job on the embedded synthetic data, in minutes on a CPU: filters, two networks, a table,
# figures, and a clip of a pose before and after.
demo: .venv/installed
	$(BIN)/python -m temporal_pose.train -m runs_dir=demo k=1 setup=1 \
	    model=$(FILTERS)
	$(BIN)/python -m temporal_pose.train runs_dir=demo k=1 setup=1 model=deciwatch \
	    model.interval=1 augment=standard trainer.max_epochs=25
	$(BIN)/python -m temporal_pose.train runs_dir=demo k=1 setup=1 model=conv3d \
	    trainer.max_epochs=3
	$(BIN)/python -m temporal_pose.report runs_dir=demo
	$(BIN)/python -m temporal_pose.show out=demo/refined.gif

test: .venv/installed
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Damaged inputs to every reader and writer, each in a process that has 5 s and 2 GB, and a table of
# what came of them; then commands that are ended at random moments. FUZZ=1000 SEED=1 KILLS=3
fuzz: .venv/installed
	PYTHONPATH=tests $(BIN)/python -m fuzzing --inputs $(FUZZ) --seed $(SEED)
	TEMPORAL_POSE_KILLS=$(KILLS) $(BIN)/python -m pytest tests/test_interrupted.py

bench: .venv/installed
	$(BIN)/python -m temporal_pose.bench

# The thesis's 24 runs. Choose data with DATA='data=thesis data.root=DIR'.
GRID := setup=1,2,3 k=1,2 model=conv3d,deciwatch,biconvlstm_s,biconvlstm_c
grid: .venv/installed
	$(BIN)/python -m temporal_pose.train -m $(GRID) runs_dir=$(RUNS) $(DATA)

# All 24 with filters beside them, narrow and short: goes through everything in minutes.
SMALL := data.subjects=4 data.videos=1 data.frames=60 data.size=20 model.hidden=4
grid-small: .venv/installed
	$(BIN)/python -m temporal_pose.train -m $(GRID),identity,savgol,savgol_window \
	    runs_dir=$(RUNS)-small $(SMALL) trainer.max_epochs=2 trainer.enable_progress_bar=false
	$(BIN)/python -m temporal_pose.report runs_dir=$(RUNS)-small grid=true

# Every pretrained run of $(RUNS), filters beside them, on a detector's output: a simulated one, or
# a real one with DATA='data=paired data.root=DIR'.
finetune: .venv/installed
	$(BIN)/python -m temporal_pose.finetune -m $(GRID),$(FILTERS) \
	    runs_dir=$(RUNS) missing=skip $(DATA)
	$(BIN)/python -m temporal_pose.report stage=finetune runs_dir=$(RUNS)

# A detector of one's own on painted figures: trained, tested, reported; minutes on a CPU.
hourglass: .venv/installed
	$(BIN)/python -m temporal_pose.train_detector experiment=hourglass_small data.images=1500 \
	    trainer.max_epochs=6 runs_dir=hourglass
	$(BIN)/python -m temporal_pose.report stage=detector runs_dir=hourglass
	$(BIN)/python -m temporal_pose.explore run=hourglass/detector/figures/hourglass out=hourglass/latent

report: .venv/installed
	$(BIN)/python -m temporal_pose.report runs_dir=$(RUNS)

tensorboard: .venv/installed
	$(BIN)/tensorboard --logdir $(RUNS)

clean:
	rm -rf .venv demo hourglass dist build

.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
