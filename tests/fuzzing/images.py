"""Sets of single images, and runs of detectors that are trained on them."""

import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from image_sets import RUNS, annotation, content, picture
from omegaconf import DictConfig
from scipy.io import savemat

from fuzzing.run_folders import write_events
from fuzzing.samples import reader
from fuzzing.subjects import Subject
from temporal_pose.app.composing import build, resolved
from temporal_pose.data.images.image_module import ImageData
from temporal_pose.detectors.hourglass import load
from temporal_pose.files.atomic import write_tensors
from temporal_pose.files.conf import CONF
from temporal_pose.files.options import described, image_sets
from temporal_pose.reporting import detector_report
from temporal_pose.runs.folders import RunFolder
from temporal_pose.training.pretrained import load_network

_SMALL = (
    *("network.stacks=1", "network.channels=4", "network.depth=1", "network.stem=[2,2,2]"),
    *("data.size=32", "data.images=12", "data.workers=0", "trainer.accelerator=cpu"),
)


def subjects() -> Iterator[Subject]:
    """Data sets of images that read a folder, and what a detector's run leaves."""
    for name in image_sets():
        if "${data.root}" in str(described("data", name)["reader"]):
            target = str(described("data", name)["reader"]["_target_"])
            files = FILES[target.rpartition(".")[2]]
            yield Subject(f"data/{name}", files, partial(_read, name), "root")
    yield Subject("detector/hourglass", write_run, _detector, "run")
    yield Subject("run/detectors", _runs, _reported, "runs", heavy=True)
    yield Subject("weights/alone", _alone, _filled, "weights.pth")


def _read(name: str, root: Path) -> Any:
    data = ImageData(reader(name, root), size=16, workers=0, whole=True, cache_mb=0)
    data.setup()
    crops, people = data.crops["test"], data.sides["test"]
    told = [people.left_out, *people.remarks] if _odd(people.left_out) else []
    seen = [people.person_ids, people.labels, people.boxes, people.areas, people.heads]
    cut = tuple(crops[list(range(len(people)))])
    return {"people": seen, "crops": cut, "remarks": told}


def _odd(left_out: Any) -> bool:
    """Whether the account that every command prints says that an image is no good."""
    return any("image" in reason for reason in left_out)


def _coco(root: Path) -> None:
    people = [annotation(7), annotation(8, image=12, bbox=[2, 1, 20, 25])]
    people += [annotation(9, image=12, iscrowd=1, segmentation=RUNS)]
    for folder in ("annotations", "train2017"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    text = json.dumps(content(*people, images=(11, 12)))
    (root / "annotations" / "person_keypoints_train2017.json").write_text(text)
    for number in (11, 12):
        picture(seed=number).save(root / "train2017" / f"{number:012d}.jpg", quality=95)


def _leeds(root: Path) -> None:
    places = np.random.default_rng(2).uniform(4, 25, (3, 14, 2))
    values = np.concatenate((places, np.ones((3, 14, 1))), 2).transpose(1, 2, 0)
    (root / "images").mkdir(parents=True)
    savemat(root / "joints.mat", {"joints": values}, do_compression=True)
    for number in (1, 2, 3):
        picture(seed=number).save(root / "images" / f"im{number:05d}.png")


#: By the class of a reader; a data set that is missing here fails the test of this list.
FILES: dict[str, Callable[[Path], object]] = {"CocoPeople": _coco, "Leeds": _leeds}


@cache
def _composed() -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train_detector", [*_SMALL])


@cache
def _task() -> torch.nn.Module:
    """A small one, with weights that are no others'."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made: torch.nn.Module = build(_composed().objects.task)
    return made


def write_run(path: Path) -> None:
    """A finished run of ``train_detector``, its training left out."""
    run = RunFolder(path)
    with run.held():
        run.claim(resolved(_composed()) | {"overrides": [*_SMALL]}, force=False)
    write_tensors(run.best, {"state_dict": _task().state_dict(), "epoch": 1})
    names = ("pck@0.05", "pck@0.1", "pck@0.2", "pck@0.2/wrist", "pckh@0.5")
    scores = {f"{side}/{name}": 0.5 for side in ("test", "constant") for name in names}
    run.finish(scores | {"seed": 1, "git": "abc", "config_hash": "f00d", "seconds": 3.0})


def _detector(path: Path) -> Any:
    found = load(path)
    return [found.network.state_dict(), found.mean, found.margin, found.codec.skeleton.keypoints]


def _runs(path: Path) -> None:
    for name in ("a", "b"):
        write_run(path / "detector" / "figures" / name)
        write_events(path / "detector" / "figures" / name)


def _reported(path: Path) -> Any:
    runs, problems = detector_report.read(path)
    made = detector_report.files(runs)
    return [made["report.md"], made["results.csv"], {"remarks": problems}]


def _alone(path: Path) -> None:
    torch.save({f"module.{n}": v for n, v in _task().network.state_dict().items()}, path)  # type: ignore[union-attr,operator]


def _filled(path: Path) -> Any:
    network: Any = build(_composed().objects.task).network
    load_network(network, path)
    return network.state_dict()
