"""Accurate, smooth poses from the jittery per-frame output of a 2D keypoint detector.

One legend for the axes of every array in this package:

==== =======================================================================
B    batch: windows
T    frames in a window
F    frames in a sequence (a video)
K    keypoints of a skeleton
P    people
H, W rows and columns of a heatmap
2    (x, y), in this order; x to the right, y downwards
4    a box (x, y, width, height), x and y being its upper left corner
==== =======================================================================

Two frames of reference: *image pixels*, in which readers deliver poses, and *heatmap pixels*, the
grid of ``H x W`` cells a box is divided into (see :mod:`temporal_pose.pose.boxes`).

From Python, numpy in and numpy out::

    refined = temporal_pose.refine(keypoints, scores, fps=60, skeleton="coco17")
    refined = temporal_pose.load("runs/finetune/...").refine(keypoints, scores, fps=60, ...)
    stream = temporal_pose.Stream(fps=60, lag=5)
"""

import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

# torch's threads spin while they wait for each other, and so hold up, on a busy machine, whoever
# they wait for: an epoch then takes 40 times as long. Threads that go to sleep at once take 1.2
# times as long on a quiet one. So they spin for a moment: 20,000 turns instead of GNU's 300,000
# (`make bench`, waiting). OpenMP reads this once, as torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ["OMP_WAIT_POLICY"] = "passive"
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")

if TYPE_CHECKING:
    from pathlib import Path

    from temporal_pose.refining.refined import Refined, Refiner
    from temporal_pose.refining.streaming import Stream

__version__ = "0.1.0"
__all__ = ["Stream", "load", "refine"]


def refine(
    keypoints: Any, scores: Any = None, *, model: str = "robust", **about: Any
) -> "Refined":
    """Accurate, smooth poses out of jittery ones; no training, any keypoints.

    Args:
        keypoints: (F, K, 2) positions x, y in image pixels, or (F, K, 3) with scores, or for
            several people (F, P, K, 2 or 3). NaN, (0, 0) and (-1, -1) mean not found.
        scores: (F, K), how sure the detector was; None, or NaN for one of them, means sure.
        model: name of a filter, or of a network that comes with its weights, such as 'steady'.
        about: ``fps``, or ``times`` (seconds of each frame); ``skeleton`` (a name, a YAML file,
            or none); ``image_size`` (width, height), for positions that are shares of the image;
            see `temporal_pose.refining.refined.Refiner.refine`.

    Raises:
        DataError: arrays that do not fit each other, or cannot be image positions.
        ConfigError: a setting that is missing, unknown or out of range.
    """
    from temporal_pose.refining.saved import named

    return named(model).refine(keypoints, scores, **about)


def load(run: "str | Path") -> "Refiner":
    """The refiner of a finished run, from its folder alone; it parts a body that jumps.

    Raises:
        RunFolderError: the folder holds no run, or one that is not finished.
        CheckpointError: its weights are missing, damaged or another model's.
    """
    from temporal_pose.refining.by_array import ArrayRefiner
    from temporal_pose.refining.saved import load as bare

    return ArrayRefiner(bare(run))


def __getattr__(name: str) -> Any:
    if name == "Stream":  # filters, which `load` has no need of
        from temporal_pose.refining.streaming import Stream

        return Stream
    raise AttributeError(f"module 'temporal_pose' has no attribute '{name}'")


class _Package(ModuleType):
    """Keeps its functions where a command of the same name is imported, such as `refine`."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
