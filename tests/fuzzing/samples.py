"""Data sets and detectors of ``conf/``, with tiny files of their own kinds."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from commands import write_penn_action
from layouts import npz, with_detections, with_heatmaps, zarr_group

from fuzzing.subjects import Subject
from temporal_pose.data import write as writing
from temporal_pose.detectors.output import Output
from temporal_pose.files.constructing import build
from temporal_pose.files.options import described, options, video_sets
from temporal_pose.formats.paired import LayoutWriter
from temporal_pose.formats.paired.paired_video import load

_REFERENCE = re.compile(r"\$\{data\.(\w+)\}")


def subjects() -> Iterator[Subject]:
    """Data sets that read a folder, detectors that read weights, and what writes the layout."""
    for name in video_sets():
        node = described("data", name)["reader"]
        if "${data.root}" in str(node) and name not in _TOGETHER:
            yield Subject(f"data/{name}", partial(_write, name), partial(_read, name), "root")
    for name in options("detector"):
        if "weights" in described("detector", name) and name not in _RUNS:
            read, heavy = partial(_detector, name), name in _HEAVY
            yield Subject(f"detector/{name}", WEIGHTS[name], read, _CALLED.get(name, "w"), heavy)
    yield Subject("detector/blazepose, a folder", _models, partial(_detector, "blazepose"), "m")
    yield Subject("detect/unfinished", _unfinished, _resumed, "a.zarr.part")
    yield Subject("detect/finished", _finished, _looked_at, "a.zarr")
    yield Subject("data.write/arrays", _arrays, _streamed, "arrays")


def reader(name: str, root: Path) -> Any:
    """The reader of a data set, as ``conf/data`` makes it of a folder."""
    about = described("data", name)
    return build(_filled(about["reader"], about | {"root": str(root)}), name)


def _filled(value: Any, about: Mapping[str, Any]) -> Any:
    """References replaced; an argument that refers elsewhere is left to its default."""
    if isinstance(value, dict):
        inner = {key: _filled(item, about) for key, item in value.items()}
        return {key: item for key, item in inner.items() if "${" not in str(item)}
    if not isinstance(value, str):
        return value
    alone = _REFERENCE.fullmatch(value)
    if alone:
        return about.get(alone[1], value)
    return _REFERENCE.sub(lambda found: str(about.get(found[1], found[0])), value)


def _write(name: str, path: Path) -> None:
    for target, root in _roots(_filled(described("data", name)["reader"], {"root": str(path)})):
        Path(root).mkdir(parents=True, exist_ok=True)
        FILES[target.rpartition(".")[2]](Path(root))


def _roots(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if "root" in node:
            yield node["_target_"], node["root"]
        for inner in node.values():
            yield from _roots(inner)


def _read(name: str, path: Path) -> Any:
    return [_whole(sequence) for sequence in reader(name, path).read()]


def _whole(sequence: Any) -> dict[str, Any]:
    fields = {key: value for key, value in vars(sequence).items() if key != "detections"}
    seen = sequence.detections
    if seen is None:
        return fields
    maps = None if seen.heatmaps is None else seen.heatmaps.read(np.arange(len(sequence)))
    return fields | {k: v for k, v in vars(seen).items() if k != "heatmaps"} | {"heatmaps": maps}


def _paired(root: Path) -> None:
    npz(root / "a_c01_ch01.npz", with_detections())
    zarr_group(root / "a_c02_ch02.zarr", with_heatmaps())


def _brace(root: Path) -> None:
    video, about = "-3r_k5-6dcBTM", {"box": [1, 2, 3, 4, 1]}
    poses = [[[f + 0.5 * i, 2.0 * f + i, 1.0] for i in range(17)] for f in range(123, 128)]
    frames = {f"{video}/img-{f:06}.png": about | {"keypoints": poses[f - 123]} for f in (123, 125)}
    (root / "2011" / video).mkdir(parents=True)
    (root / "2011" / video / f"{video}_123-127_powermove.json").write_text(json.dumps(frames))
    np.savez(root / "2011" / video / "img-000125.npz", coco_joints2d=np.ones((17, 3)) * 7)


def _speed21(root: Path) -> None:
    (root / "skeletons").mkdir(exist_ok=True)
    run = "52_2018-07-28_1"
    about = f"{run};52;2018-07-28;1;https://a.org/?v=x;1625.81;1631.72;5.91;5;1;l;25\n"
    (root / "metadata.txt").write_text(about)
    place = ";".join(f"{100 + i}.5,{100 + 2 * i}.0" for i in range(16))
    lines = ("1#NULL\n", *(f"{frame}#{place}\n" for frame in range(2, 6)))
    (root / "skeletons" / f"{run}.data").write_text("".join(lines))


#: By the class of a reader; a data set that is missing here fails the test of this list.
FILES: dict[str, Callable[[Path], object]] = {
    "Paired": _paired,
    "Brace": _brace,
    "Speed21": _speed21,
    "PennAction": partial(write_penn_action, videos=2, frames=5),
}


def _detector(name: str, path: Path) -> Any:
    about = described("detector", name)
    made = build(_filled(about | {"weights": str(path)}, {}), name)
    return [made.skeleton, made.keypoints]


def _state_dict(path: Path) -> None:
    head = "roi_heads.keypoint_predictor.kps_score_lowres.weight"
    torch.save({head: torch.ones(8, 17, 4, 4), "backbone.a": torch.ones(3)}, path)


def _wheel(path: Path) -> None:
    from temporal_pose.detectors.blazepose.model_files import FINDER, LANDMARKS

    places = {FINDER: "pose_detection", LANDMARKS: "pose_landmark"}
    with zipfile.ZipFile(path, "w") as file:
        for name, folder in places.items():
            file.writestr(f"mediapipe/modules/{folder}/{name}", b"\x1c\0\0\0TFL3" + bytes(400))


def _models(path: Path) -> None:
    from temporal_pose.detectors.blazepose.model_files import FINDER, LANDMARKS

    path.mkdir()
    for name in (FINDER, LANDMARKS):
        (path / name).write_bytes(b"\x1c\0\0\0TFL3" + bytes(400))


def _onnx(path: Path) -> None:
    from simcc import write

    write(path)


#: By the name of a detector; one that is missing here fails the test of this list.
WEIGHTS: dict[str, Callable[[Path], object]] = {
    "keypoint_rcnn": _state_dict,
    "blazepose": _wheel,
    "rtmpose": _onnx,
}
_TOGETHER = ("aist_and_penn",)  # of other sets' readers
_RUNS = ("hourglass",)  # whose weights are a run, which is fuzzed as such
_HEAVY = ("keypoint_rcnn",)
_CALLED = {"blazepose": "a.whl", "rtmpose": "a.onnx"}

_ABOUT = {"skeleton": "coco17", "fps": 25.0, "image_size": (640, 480)}
_SEEN = np.tile(with_detections()["detections"], (40, 1, 1))  # several chunks


def _unfinished(path: Path) -> None:
    writer = LayoutWriter(path.with_suffix(""), **_ABOUT, settings={"a": 1})
    writer.append(detections=_SEEN)


def _resumed(path: Path) -> Any:
    writer = LayoutWriter(path.with_suffix(""), **_ABOUT, settings={"a": 1}, resume=True)
    there = writer.frames
    if there < len(_SEEN):
        writer.append(detections=_SEEN[there:])
    writer.close()
    return load(path.with_suffix("")).detections


def _finished(path: Path) -> None:
    with_settings = LayoutWriter(path, **_ABOUT, settings={"a": 1})
    with_settings.append(detections=_SEEN[:20])
    with_settings.close()


def _looked_at(path: Path) -> Any:
    output = Output(path, False, False, "float16", 1, {"a": 1}, False)
    return [output.finished(), output.begun()]


def _arrays(path: Path) -> None:
    path.mkdir()
    for name in ("detections", "truth", "visible"):
        np.save(path / f"{name}.npy", with_detections()[name])


def _streamed(path: Path) -> Any:
    files = [f"--{name}={path / name}.npy" for name in ("detections", "truth", "visible")]
    about = ["--fps=25", "--image-size", "640", "480", "--skeleton=coco17"]
    out = path.parent / "out.zarr"
    origin = writing.of_arrays(writing.parser().parse_args([str(out), *files, *about]))
    writing.check_shapes(origin)
    writing.write(origin, out)
    found = load(out)
    return [found.detections, found.truth, found.visible]
