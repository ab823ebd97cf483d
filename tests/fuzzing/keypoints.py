"""Formats of keypoint files, each in every suffix that it writes and reads again."""

import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from pose_files import SAMPLES

from fuzzing.subjects import SilentError, Subject
from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip, Format, Given
from temporal_pose.formats.known import formats
from temporal_pose.pose.skeletons import SKELETONS

_SUFFIXES = ("", ".csv", ".json", ".h5", ".npy", ".npz", ".trc", ".txt", ".zarr", ".yaml")
_SIZE = (640, 480)


def subjects() -> Iterator[Subject]:
    """Formats by what they write themselves, and by what the tools of their origin write."""
    for name, form in formats().items():
        for suffix, clip in _written(name):
            write = partial(_write, form, clip)
            yield Subject(
                f"formats/{name}{suffix}",
                write,
                partial(read, form),
                f"a{suffix}",
                give=partial(give, form),
            )
    for sample, (name, write) in SAMPLES.items():
        reader = partial(read, formats()[name])
        yield Subject(f"formats/{name}, as {sample}", write, reader, "a.json")
    for kind in ("fixed", "table") if find_spec("tables") and find_spec("pandas") else ():
        reader, write = partial(read, formats()["deeplabcut"]), partial(_pandas, kind)
        yield Subject(f"formats/deeplabcut, as pandas_{kind}", write, reader, "a.h5")


def clip(skeleton: str, people: int, frames: int = 4) -> Clip:
    """Poses of people, every one in every frame; image pixels."""
    rng, k = np.random.default_rng(0), len(SKELETONS[skeleton])
    n = frames * people
    return Clip(
        "a",
        np.repeat(np.arange(frames), people),
        rng.uniform(20, 400, (n, k, 2)).round(3),
        rng.uniform(0.1, 0.9, (n, k)).round(3),
        SKELETONS[skeleton],
        fps=25.0,
        image_size=_SIZE,
        ids=np.tile(np.arange(people), frames) if people > 1 else None,
    )


@cache
def _written(name: str) -> tuple[tuple[str, Clip], ...]:
    """Suffixes that a format writes and recognises, each with a clip that it takes."""
    form, found = formats()[name], []
    contents: set[bytes] = set()  # what is the same under another name is no other kind
    with tempfile.TemporaryDirectory() as folder:
        for suffix in dict.fromkeys((form.suffix, *_SUFFIXES)):
            one, path = _taken(form, Path(folder), suffix)
            content = path.read_bytes() if path.is_file() else b"a folder"
            content = content.replace(path.name.encode(), b"")  # some begin with their own name
            if one is not None and content not in contents:
                found.append((suffix, one))
                contents.add(content)
    return tuple(found)


def _taken(form: Format, folder: Path, suffix: str) -> tuple[Clip | None, Path]:
    """A clip that a format takes in a suffix, and the file; the more people the better."""
    for number, (people, bones) in enumerate((p, s) for p in (2, 1) for s in SKELETONS):
        one, path = clip(bones, people), folder / f"{number}" / f"a{suffix}"
        path.parent.mkdir(exist_ok=True)
        if _takes(form, path, one):
            return one, path
    return None, folder


def _takes(form: Format, path: Path, one: Clip) -> bool:
    if form.suffix == "" and path.suffix:
        return False
    try:
        form.write(path, [one])
        return form.recognises(path) and bool(form.read(path, Given()))
    except DataError:
        return False


def _pandas(kind: str, path: Path) -> None:
    """DeepLabCut's HDF5, as pandas writes it in one of two layouts."""
    import pandas as pd

    levels = [["DLC"], ["snout", "ear_left", "ear_right"], ["x", "y", "likelihood"]]
    columns = pd.MultiIndex.from_product(levels, names=["scorer", "bodyparts", "coords"])
    values = np.random.default_rng(0).random((5, len(columns))) * 400
    pd.DataFrame(values, columns=columns).to_hdf(path, key="df", format=kind, mode="w")


def _write(form: Format, one: Clip, path: Path) -> None:
    form.write(path, [one])


def read(form: Format, path: Path) -> Any:
    """All that a file says; what is written of it again, changed or not, is readable.

    Raises:
        SilentError: it is not, or is something else.
    """
    for other in formats().values():
        other.recognises(path)
    clips = form.read(path, Given())
    if not clips:
        raise SilentError("no clip, and no error")
    beside = Path(tempfile.mkdtemp(dir=path.parent))
    form.write(beside / f"same{path.suffix}", clips)
    again = form.read(beside / f"same{path.suffix}", Given(skeleton=clips[0].skeleton))
    if told(again) != told(clips):
        raise SilentError("what is written back is something else")
    moved = [_moved(one) for one in clips]
    form.write(beside / f"moved{path.suffix}", moved)
    again = form.read(beside / f"moved{path.suffix}", Given(skeleton=clips[0].skeleton))
    if told(again) != told(clips):
        raise SilentError("poses are lost when they are written")
    return [_plain(one) for one in clips]


def _moved(one: Clip) -> Clip:
    with np.errstate(all="ignore"):
        return replace(one, keypoints=one.keypoints * 0.9 + 0.001, image_size=_SIZE)


def _plain(one: Clip) -> dict[str, Any]:
    about = ("name", "frames", "keypoints", "scores", "fps", "times", "image_size", "ids", "boxes")
    bones = None if one.skeleton is None else one.skeleton.keypoints
    fields = {name: getattr(one, name) for name in about}
    return fields | {"skeleton": bones, "count": one.count, "remarks": one.remarks}


def told(clips: list[Clip]) -> list[int]:
    """How many poses each clip has."""
    return [len(one) for one in clips]


def give(form: Format, rng: random.Random, path: Path) -> Any:
    """Writes odd clips; positions that any format can hold come back.

    Raises:
        SilentError: some do not.
    """
    one = odd_clip(rng)
    form.write(path, [one])
    k = one.scores.shape[1]  # some formats cannot say of how many keypoints their poses are
    bones = one.skeleton or next(s for s in SKELETONS.values() if len(s) == k)
    size = one.image_size or _SIZE
    back = form.read(path, Given(skeleton=bones, image_size=size))
    found = np.sort(np.concatenate([_across(each, size) for each in back]))
    wanted = _across(one, size)
    wanted = wanted[(wanted > 1) & (wanted < 1e4)]
    if len(wanted) and not len(found):
        raise SilentError("no position comes back")
    place = np.searchsorted(found, wanted).clip(1, max(1, len(found) - 1))
    near = np.minimum(*(abs(found[(place - n).clip(0)] - wanted) for n in (0, 1)))
    if len(wanted) and near.max() > 0.01 + 1e-3 * wanted[near.argmax()]:
        raise SilentError(f"no position near {wanted[near.argmax()]} comes back")
    return None


def _across(one: Clip, size: tuple[int, int]) -> np.ndarray:
    """Finite positions along x, image pixels."""
    values = one.keypoints[..., 0].ravel() * (size[0] if one.normalised else 1)
    return values[np.isfinite(values)]


def odd_clip(rng: random.Random) -> Clip:
    """What a writer may be given: any numbers, names and sizes that a clip can hold."""
    skeleton = rng.choice([*SKELETONS])
    one = clip(skeleton, rng.choice([1, 2, 5]), rng.choice([1, 3]))
    n = len(one)
    places = one.keypoints.copy()
    for _ in range(rng.randrange(4)):
        at = rng.randrange(n), rng.randrange(places.shape[1])
        places[at] = rng.choice([np.nan, np.inf, -np.inf, 1e300, -1e9, 0.0, 1e-300])
    frames = rng.choice([one.frames, one.frames + 10**9, one.frames - 7, one.frames[::-1].copy()])
    times = rng.choice([None, one.frames / 25, np.full(n, np.nan), one.frames[::-1] * 1.0])
    ids = rng.choice([one.ids, None, np.full(n, -1), np.arange(n) * 10**12])
    name = rng.choice(["a", "", "../a", "a\nb", "a,b\"'", "=1+1", "\x1b[31m", "ä/ö", "x" * 300])
    bones = rng.choice([one.skeleton, None])
    size = rng.choice([_SIZE, None, (1, 1)])
    fps = rng.choice([25.0, None, 1e-9, 29.97])
    fields = {"keypoints": places, "frames": frames, "times": times, "ids": ids, "name": name}
    return replace(one, **fields, skeleton=bones, image_size=size, fps=fps)
