"""Run folders written by hand, as a run leaves them."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

SYNTHETIC = {"_target_": "temporal_pose.data.synthetic.Synthetic", "subjects": 3, "seed": 0}


class Folders:
    """A folder of runs.

    Args:
        root: ``runs_dir``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, model="conv3d", setup=1, k=1, seed=1, stage="pretrain", **options) -> Path:
        """Writes a finished run.

        Args:
            options: ``pck``, ``identity``: PCK at three thresholds; ``groups``: PCK@0.2 by group,
                ``strict_groups``: the same at other thresholds; ``errors``, ``identity_errors``:
                position and acceleration error; ``torso``; ``lag``, ``identity_lag``;
                ``val_error``: position error in validation; ``parameters``; ``reader``;
                ``truth``; ``input``; ``whole``; ``title``; ``window``; ``git``; ``data``: further
                settings of the data; ``also``: further numbers.
        """
        path = self.root / stage / model / f"setup{setup}" / f"k{k:g}"
        path = path if seed == 1 else path / f"seed{seed}"
        path.mkdir(parents=True)
        config = {
            "model": {
                "name": model,
                "whole_videos": options.get("whole", False),
                **({"title": options["title"]} if "title" in options else {}),
            },
            "data": {
                "window": options.get("window", 5),
                "reader": options.get("reader", SYNTHETIC),
                **({"truth": options["truth"]} if "truth" in options else {}),
                **options.get("data", {}),
            },
            "input": options.get("input", {"mean": 1}),
            "setups": {f"setup{setup}": {"sigmas": [1, 2], "frame_step": 1}},
            "seed": seed,
        }
        (path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        (path / "metrics.json").write_text(json.dumps(self._metrics(seed, options)))
        return path

    @staticmethod
    def keep(path: Path, off=0.0, input_off=1.0, file="predictions.npz", **fields) -> None:
        """Writes predictions that are off by a constant along x, and an input off by another.

        Args:
            off, input_off: heatmap pixels; one for all, or one a keypoint.
            fields: in place of those that would be written; None leaves one out.
        """
        rng = np.random.default_rng(0)
        truth = rng.uniform(8, 12, (7, 5, 3, 2)).cumsum(1).astype(np.float32)
        along = np.array([1, 0], np.float32)
        arrays = {
            "window": np.arange(7),
            "video": np.array(list("aabbccc")),
            "predicted": truth
            + np.multiply.outer(np.broadcast_to(off, 3), along).astype(np.float32),
            "observed": truth + np.multiply.outer(np.broadcast_to(input_off, 3), along),
            "truth": truth,
            "visible": np.ones(truth.shape[:3], bool),
            "torso": np.full(truth.shape[:2], 8, np.float32),
        }
        arrays = {name: a for name, a in (arrays | fields).items() if a is not None}
        np.savez(path / file, **arrays)

    def _metrics(self, seed, options):
        scores = {}
        sides = {"test": ("pck", "errors"), "identity": ("identity", "identity_errors")}
        usual = {
            "pck": (0.5, 0.75, 0.9),
            "identity": (0.2, 0.6, 0.8),
            "errors": (1.5, 0.5),
            "identity_errors": (3.0, 4.0),
        }
        for side, (pck, errors) in sides.items():
            shares = options.get(pck, usual[pck])
            scores |= {f"{side}/pck@{a}": v for a, v in zip((0.05, 0.1, 0.2), shares, strict=True)}
            by_group = {0.2: options.get("groups", {"nose": 0.875, "index_finger": 0.625})}
            for share, values in (by_group | options.get("strict_groups", {})).items():
                scores |= {f"{side}/pck@{share:g}/{g}": value for g, value in values.items()}
            names = (f"{side}/error_px", f"{side}/accel_error_px")
            scores |= dict(zip(names, options.get(errors, usual[errors]), strict=True))
        extra = {"lag": "test/lag_frames", "identity_lag": "identity/lag_frames"}
        extra |= {"val_error": "val/error_px"}
        scores |= {name: options[key] for key, name in extra.items() if key in options}
        return scores | {
            "torso_px": options.get("torso", 20.0),
            "parameters": options.get("parameters", 7),
            "seed": seed,
            "git": options.get("git", "abc123+"),
            "config_hash": "f00d",
            **options.get("also", {}),
        }


def write_scalars(path: Path, file: int, **values: list[float]) -> None:
    """Writes TensorBoard events by tag; the step is the epoch, counted from 0.

    Args:
        file: which of the folder's event files, in the order of their names.
    """
    writer = EventFileWriter(str(path), filename_suffix=f".{file}")
    for tag, series in values.items():
        for step, value in enumerate(series):
            scalar = Summary.Value(tag=tag, simple_value=value)
            writer.add_event(Event(step=step, wall_time=1.0, summary=Summary(value=[scalar])))
    writer.close()


@pytest.fixture
def log_scalars():
    """Writes TensorBoard events."""
    return write_scalars


@pytest.fixture
def log_training():
    """Writes five epochs, the learning rate being lower from the fourth."""
    values = {
        "train/loss": [5, 4, 3, 2, 1],
        "val/loss": [6, 5, 4, 3, 2],
        "val/pck@0.05": [0.125, 0.25, 0.375, 0.5, 0.625],
        "val/identity/pck@0.05": [0.25] * 5,
        "learning_rate": [1e-3, 1e-3, 1e-3, 1e-4, 1e-4],
    }
    return lambda path: write_scalars(path, 1, **values)


@pytest.fixture
def folders(tmp_path) -> Folders:
    """An empty folder of runs."""
    return Folders(tmp_path / "runs")
