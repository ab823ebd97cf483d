"""What a run leaves in its folder, and what a sweep notes of its runs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from fuzzing.networks import composed, task
from fuzzing.subjects import Subject
from temporal_pose.app.composing import resolved
from temporal_pose.app.saved_runs import recompose
from temporal_pose.files.atomic import write_json, write_tensors
from temporal_pose.refining.saved import load
from temporal_pose.reporting.finished import read_results
from temporal_pose.reporting.tables.scores import pck_table
from temporal_pose.reporting.tables.writing import latex, markdown, sheet, terminal, tidy
from temporal_pose.runs.events import epochs_done, read_curves
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.predictions import Predictions, read_predictions
from temporal_pose.runs.records import Record, summary
from temporal_pose.watch import view

#: The model of most runs.
MODEL = "conv3d"


def subjects() -> Iterator[Subject]:
    """A subject for each command that reads run folders, and for what only some read."""
    yield Subject("run/refine", write_run, _refiner, "run")
    yield Subject("run/evaluate", _config, _recomposed, "run", heavy=True)
    yield Subject("run/folder", write_run, _folder, "run")
    yield Subject("run/report", write_runs, _report, "runs", heavy=True)
    yield Subject("run/predictions.npz", _predictions, read_predictions, "predictions.npz")
    yield Subject("run/events", write_events, _curves, "run")
    yield Subject("run/sweep", _sweep, _entries, "sweep")


def write_run(path: Path, model: str = MODEL) -> None:
    """A finished run, its training left out."""
    run = RunFolder(path)
    with run.held():
        run.claim(resolved(composed(model)) | {"overrides": [f"model={model}"]}, force=False)
    write_tensors(run.best, {"state_dict": task(model).state_dict(), "epoch": 1})
    split = {"seen": ["a", "b"], "fps": [25.0], "taught": ["nose", "left_hip"]}
    write_json(run.split_file, split)
    _predictions(run.predictions)
    shares = {f"{side}/pck@{share}": 0.5 for side in ("test", "identity") for share in (0.1, 0.2)}
    about = {"test/error_px": 2.0, "identity/error_px": 3.0, "torso_px": 20.0, "parameters": 7}
    run.finish(shares | about | {"seed": 1, "git": "abc", "config_hash": "f00d"})


def _config(path: Path) -> None:
    run = RunFolder(path)
    with run.held():
        run.claim(resolved(composed(MODEL)) | {"overrides": [f"model={MODEL}"]}, force=False)


def _refiner(path: Path) -> Any:
    found = load(path)
    model = getattr(found, "model", None)
    return [type(found).__name__, None if model is None else model.network.state_dict()]


def _recomposed(path: Path) -> Any:
    return OmegaConf.to_container(recompose(RunFolder(path), ["k=2"]), resolve=True)


def _folder(path: Path) -> Any:
    run = RunFolder(path)
    told = [run.metrics(), run.config(), sorted(run.trained_on()), run.frame_rates(), run.taught()]
    return [*told, run.state, run.replaceable]


def write_runs(path: Path) -> None:
    """Finished runs of two models."""
    for model in (MODEL, "identity"):
        write_run(path / "pretrain" / model / "setup1" / "k1", model)


def _report(path: Path) -> Any:
    results = read_results(path, "pretrain")
    tables = [pck_table(results, k) for k in results.ks]
    for number, table in enumerate(tables, 1):
        for text in (markdown(table, number), sheet(table), terminal(table, number).plain):
            text.encode()
    return [tidy(results), latex(tables), {"remarks": results.problems}]


def _predictions(path: Path) -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(8, 12, (3, 5, 7, 2)).astype(np.float32)
    seen, torso = np.ones(places.shape[:3], bool), np.full(places.shape[:2], 8, np.float32)
    videos = np.array(list("abb"))
    Predictions(np.arange(3), videos, places, places + 1, places, seen, torso).save(path)


def write_events(path: Path) -> None:
    """Learning curves of four epochs."""
    path.mkdir(exist_ok=True)
    writer = EventFileWriter(str(path))
    for step in range(4):
        for tag in ("train/loss", "val/loss"):
            scalar = Summary.Value(tag=tag, simple_value=4.0 - step)
            writer.add_event(Event(step=step, wall_time=1.0, summary=Summary(value=[scalar])))
    writer.close()


def _curves(path: Path) -> Any:
    epochs_done(path)
    return read_curves(path)


def _sweep(path: Path) -> None:
    path.mkdir()
    runs = ["/runs/a", "/runs/b", "/runs/c"]
    starter = {"process": os.getpid(), "host": "another"}
    (path / "plan.json").write_text(json.dumps(starter | {"runs": runs}))
    record = Record(path)
    for run, state in zip(runs, ("done", "failed", "running"), strict=True):
        record.write(Path(run), state, "an error", 2.0)


def _entries(path: Path) -> Any:
    entries = Record(path).read()
    view(entries)
    return [summary(entries), {"remarks": [one.error for one in entries]}]
