"""Clips that are changed as refining changes them, and tiny files of tables and arrays."""

import os
import warnings
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from temporal_pose.formats.clips import Clip, Format, Given


def real(name: str) -> Path:
    """A real file beside the repository; without it the test is skipped."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("TEMPORAL_POSE_SHARED_DATA", beside)) / "formats" / name
    if not path.exists():
        pytest.skip(f"no real data at {path}; set TEMPORAL_POSE_SHARED_DATA")
    return path


def movement() -> ModuleType:
    """The readers of the library movement; without it the test is skipped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies warn of each other
        return pytest.importorskip("movement.io.load_poses", reason="movement is not installed")


def read(kind: Format, path: Path, **given: object) -> Clip:
    """The one video of a file."""
    [clip] = kind.read(path, Given(**given))
    return clip


def rewritten(kind: Format, clip: Clip, path: Path) -> Clip:
    """A clip that was written and read again."""
    kind.write(path, [clip])
    return read(kind, path)


def moved(clip: Clip, by: float = 1.25) -> Clip:
    """Every position a little further."""
    with np.errstate(invalid="ignore"):  # of a NaN that was made of a damaged file
        return replace(clip, keypoints=clip.keypoints + by)


def with_pose(clip: Clip, frame: int, at: float, person: int | None = None) -> Clip:
    """One pose more, which was not in the file, all its keypoints at one place."""
    k = clip.scores.shape[1]
    fields = {
        "frames": np.append(clip.frames, frame),
        "keypoints": np.concatenate([clip.keypoints, np.full((1, k, 2), at)]),
        "scores": np.concatenate([clip.scores, np.zeros((1, k))]),
        "rows": np.append(clip.rows, -1),
    }
    if clip.ids is not None:
        fields["ids"] = np.append(clip.ids, -1 if person is None else person)
    if clip.times is not None:
        fields["times"] = np.append(clip.times, frame / 25)
    return replace(clip, **fields)


def without_file(clip: Clip) -> Clip:
    """The same poses, as if they came from a file of another format."""
    return replace(clip, kept=None, format="", rows=np.arange(len(clip)))


def clip_of(people: np.ndarray, frames: np.ndarray | None = None, **fields: object) -> Clip:
    """A clip of (F, P, K, 3) values, people numbered by their place."""
    f, p = people.shape[:2]
    numbers = np.arange(f) if frames is None else frames
    flat = people.reshape(f * p, *people.shape[2:]).astype(float)
    ids = np.tile(np.arange(p), f) if p > 1 else None
    told = {"name": "clip", "ids": ids, **fields}
    return Clip(frames=np.repeat(numbers, p), keypoints=flat[..., :2], scores=flat[..., 2], **told)


def people(f: int = 7, p: int = 2, k: int = 5, seed: int = 0) -> np.ndarray:
    """x, y in pixels and score of people: (F, P, K, 3)."""
    return np.random.default_rng(seed).random((f, p, k, 3)) * [1000, 500, 1]


def assert_same(found: Clip, expected: Clip) -> None:
    """The same poses, times and people, whatever the file."""
    np.testing.assert_array_equal(found.keypoints, expected.keypoints)
    np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_array_equal(found.frames, expected.frames)
    np.testing.assert_array_equal(found.rows, expected.rows)
    for name in ("ids", "times"):
        one, other = getattr(found, name), getattr(expected, name)
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other)
