"""YAML of one's own, footage, and what is drawn over it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from filming import picture, write
from PIL import Image

from fuzzing.subjects import SilentError, Subject
from temporal_pose.files.conf import CONF
from temporal_pose.files.options import described, options
from temporal_pose.footage.opening import open_footage
from temporal_pose.footage.overlay import Overlaid, overlay
from temporal_pose.inputs import profiles
from temporal_pose.pose.skeletons import skeleton

_SUFFIXES = (".mp4", ".mkv", ".avi")


def subjects() -> Iterator[Subject]:
    """Skeletons, fits of noise, images and videos."""
    for file in sorted((CONF / "skeletons").glob("*.yaml"))[-2:]:
        named = f"skeletons/{file.stem}"
        yield Subject(named, lambda path, f=file: shutil.copy(f, path), _skeleton, "own.yaml")
    for name in options("input"):
        fit = described("input", name).get("fit")
        if fit is not None:
            text = profiles.write(profiles.parse(fit, name))
            yield Subject(
                f"input/{name}", lambda path, t=text: path.write_text(t), profiles.read, "fit.yaml"
            )
    for kind in ("RGB", "L", "I;16", "jpg"):
        write_images = lambda path, k=kind: _images(path, k)  # noqa: E731
        yield Subject(f"footage/{kind}", write_images, _frames, "images")
    for suffix in _SUFFIXES:
        yield Subject(f"footage/{suffix}", lambda path: write(path, 7), _frames, f"a{suffix}")
    yield Subject("overlay/.mp4", lambda path: write(path, 7, sound="aac"), _drawn, "a.mp4")


def _skeleton(path: Path) -> Any:
    skeleton.cache_clear()
    found = skeleton(str(path))
    return [found.keypoints, found.limbs, found.pairs, dict(found.stands_for), found.groups]


def _images(path: Path, kind: str) -> None:
    path.mkdir()
    for number in range(3):
        frame = picture(number)
        if kind == "I;16":
            grey = Image.fromarray(frame[..., 0].astype(np.uint16) * 257)
            grey.save(path / f"f{number}.png")
        else:
            mode = "RGB" if kind == "jpg" else kind
            ending = "jpg" if kind == "jpg" else "png"
            Image.fromarray(frame).convert(mode).save(path / f"f{number}.{ending}")


def _frames(path: Path) -> Any:
    footage = open_footage(path, None if path.suffix else 25.0)
    frames = list(footage.frames())
    return [np.stack(frames), footage.fps, {"remarks": footage.remarks}]


def _drawn(path: Path) -> Any:
    """The same video with a pose drawn over it, which is whole or not there."""
    poses = np.random.default_rng(0).uniform(5, 60, (7, 3, 2))
    out = path.with_name("out.mp4")
    try:
        remarks = overlay(path, out, [Overlaid(poses, poses + 1)])
    except Exception:
        if out.exists():
            raise SilentError("half a video is there") from None
        raise
    return [open_footage(out).count, {"remarks": remarks}]
