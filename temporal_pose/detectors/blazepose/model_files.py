"""BlazePose's two model files: the user's own, an installed MediaPipe's, or fetched once.

They are Google's, under the Apache licence 2.0, and lie in the wheel of ``mediapipe`` 0.10.14;
those from 0.10.30 on hold none.
"""

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from temporal_pose.detectors.blazepose.fetching import downloaded
from temporal_pose.errors import CheckpointError
from temporal_pose.files.atomic import make_folder, write_bytes

FINDER, LANDMARKS = "pose_detection.tflite", "pose_landmark_full.tflite"

_WHEEL = "mediapipe==0.10.14"
_INSIDE = {
    FINDER: f"mediapipe/modules/pose_detection/{FINDER}",
    LANDMARKS: f"mediapipe/modules/pose_landmark/{LANDMARKS}",
}
_SUMS = {  # SHA-256, in that wheel
    FINDER: "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    LANDMARKS: "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
}


def models(weights: str | None) -> Mapping[str, bytes]:
    """Contents of the two model files, by name.

    Args:
        weights: a folder that holds both, a wheel of MediaPipe, or a landmark network with the
            other file beside it; None for those of an installed MediaPipe, or of the user's
            cache, into which they are fetched if need be.

    Raises:
        CheckpointError: they are not there, or cannot be fetched.
    """
    if weights is not None:
        return _given(Path(weights).expanduser())
    for folder in (_installed(), _cache()):
        known = _in_folder(folder) if folder is not None else {}
        if _right(known):
            return known
    return _fetched()


def _given(path: Path) -> Mapping[str, bytes]:
    if path.is_dir():
        known = _in_folder(path)
        for name in _INSIDE.keys() - known.keys():
            raise CheckpointError(
                f"detector.weights '{path}' holds no {name}; expected {FINDER} and {LANDMARKS}"
            )
        return known
    if not path.is_file():
        raise CheckpointError(
            f"detector.weights '{path}' does not exist; expected a folder with {FINDER} and "
            f"{LANDMARKS}, a wheel of {_WHEEL}, or null"
        )
    if path.suffix == ".whl":
        return _in_wheel(path)
    beside = _in_folder(path.parent)
    if FINDER not in beside:
        raise CheckpointError(
            f"detector.weights '{path}' has no {FINDER} beside it; expected both in one folder, "
            f"or a wheel of {_WHEEL}"
        )
    return {FINDER: beside[FINDER], LANDMARKS: path.read_bytes()}


def _in_folder(folder: Path) -> Mapping[str, bytes]:
    """Those files that lie in a folder, or below it where an installed MediaPipe has them."""
    places = {name: (folder / name, folder / inside) for name, inside in _INSIDE.items()}
    there = {name: [p for p in both if p.is_file()] for name, both in places.items()}
    return {name: files[0].read_bytes() for name, files in there.items() if files}


def _in_wheel(path: Path) -> Mapping[str, bytes]:
    try:
        with zipfile.ZipFile(path) as wheel:
            return {name: wheel.read(inside) for name, inside in _INSIDE.items()}
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, NotImplementedError) as error:
        raise CheckpointError(
            f"{path}: is no wheel that holds BlazePose ({error}); expected one of {_WHEEL}"
        ) from error


def _right(known: Mapping[str, bytes]) -> bool:
    """Whether these are the files whose checksums are known."""
    return {name: hashlib.sha256(file).hexdigest() for name, file in known.items()} == _SUMS


def _installed() -> Path | None:
    """The folder in which MediaPipe is installed, which is not imported; None without it."""
    there = find_spec("mediapipe")
    places = list(there.submodule_search_locations or ()) if there is not None else []
    return Path(places[0]).parent if places else None


def _cache() -> Path:
    """Where the user keeps what was fetched: in the folder of torch.hub, which is not imported."""
    caches = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    home = Path(os.environ.get("TORCH_HOME", caches / "torch")).expanduser()
    return home / "hub" / "blazepose"


def _fetched() -> Mapping[str, bytes]:
    """The files from the registry, also put into the cache.

    Raises:
        CheckpointError: no network, no pip, or other files than expected.
    """
    print(f"BlazePose's models: fetching {_WHEEL}, 36 MB, once", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        complaint = downloaded(_WHEEL, folder)
        wheels = list(folder.glob("*.whl"))
        if complaint or not wheels:
            raise CheckpointError(_unreachable(complaint or "pip fetched nothing"))
        known = _in_wheel(wheels[0])
    if not _right(known):
        raise CheckpointError(_unreachable("what came has other checksums than expected"))
    with suppress(OSError):  # a cache that cannot be written costs time, nothing else
        make_folder(_cache())
        for name, content in known.items():
            write_bytes(_cache() / name, content)
    return known


def _unreachable(reason: str) -> str:
    return (
        f"BlazePose's models cannot be fetched ({reason}); where there is a network, type pip "
        f"download --no-deps {_WHEEL}, and set detector.weights to the wheel that comes"
    )
