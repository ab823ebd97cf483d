"""README.md and docs/: every command and every example runs, every link and setting is there."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from commands import READ, TINY, Command, write_paired, write_penn_action
from pages import PAGES, ROOT, anchors, call, examples, fences, known, links, options, settings
from pose_files import body

from temporal_pose.pose.skeletons import SKELETONS
from temporal_pose.runs.records import Record

COCO17 = SKELETONS["coco17"]
FRAMES = 13

#: What is only composed, by the command and one of its words, and why.
COMPOSED = {
    ("refine", "source=climb.mp4"): "needs the model files of a detector",
    ("detect", "detector=blazepose"): "needs BlazePose's model files",
    ("detect", "detector=rtmpose"): "needs a network of the user's",
    ("explore", "data=coco"): "needs COCO's files",
    ("detect", "detector=hourglass"): "needs a network that was trained for minutes",
    ("train_detector", "data=coco"): "needs COCO's images",
    ("train_detector", "data=lspet"): "needs the images of Leeds Sports Pose",
}
#: A detector of a second.
TINY_DETECTOR = (
    *("data.images=12", "data.size=32", "data.workers=0", "data.batch_size=4", "pictures=0"),
    *("network.channels=8", "network.depth=1", "network.stem=[4,4,4]", "trainer.max_epochs=1"),
    *("trainer.enable_progress_bar=false", "trainer.accelerator=cpu"),
)
TRAINING = ("train", "finetune", "fit_noise", "evaluate")

EVERY = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
#: Pages with something to run; results.md has nothing.
SHOWING = [page for page in PAGES if fences(page)]
RUN = pytest.mark.parametrize("page", SHOWING, ids=lambda page: page.stem)


def poses(shift: float = 0) -> np.ndarray:
    """x, y, score of a person who walks, jittering: (F, 17, 3)."""
    jitter = np.random.default_rng(0).normal(0, 1, (FRAMES, 17, 2))
    return body("coco17", FRAMES) + np.dstack([jitter + shift, np.zeros((FRAMES, 17))])


def points(keypoints: int) -> np.ndarray:
    """The same of any keypoints, and nobody's."""
    rng = np.random.default_rng(0)
    places = rng.uniform(30, 80, (keypoints, 2)) + rng.normal(0, 1, (FRAMES, keypoints, 2))
    return np.dstack([places, rng.uniform(0.3, 0.9, (FRAMES, keypoints))])


def instances(*people: np.ndarray) -> list[dict[str, Any]]:
    """mmpose's predictions."""
    return [
        {
            "frame_id": number,
            "instances": [
                {"keypoints": pose[:, :2].tolist(), "keypoint_scores": pose[:, 2].tolist()}
                for pose in frame
            ],
        }
        for number, frame in enumerate(zip(*people, strict=True))
    ]


def table(names: list[str], values: np.ndarray) -> str:
    """Plain CSV."""
    header = ",".join(["frame", *(f"{name}_{axis}" for name in names for axis in "xy")])
    rows = (f"{n},{','.join(map(str, row[:, :2].ravel()))}" for n, row in enumerate(values))
    return "\n".join([header, *rows]) + "\n"


def write_keypoints() -> None:
    """What `refine` is given."""
    Path("results.json").write_text(json.dumps(instances(poses())))
    Path("two_people.json").write_text(json.dumps(instances(poses(), poses(shift=300))))
    Path("keypoints").mkdir()
    for name in ("one", "other"):
        np.savez(Path("keypoints") / f"{name}.npz", keypoints=poses(), fps=30)
    horse = ("nose", "withers", "croup", "left_front_hoof", "right_front_hoof")
    names = [*horse, "near_hind_hoof", "far_hind_hoof"]
    Path("horse.csv").write_text(table(names, points(7)))
    Path("shares.csv").write_text(table(list(COCO17.keypoints), poses() / 1000))


def write_detections(command: Command) -> None:
    """`climb.zarr`, as a detector leaves it, and the video `climb.mp4`."""
    detecting = pytest.importorskip("detecting", reason="the detect extra is not installed")
    np.save("own.npy", poses().astype(np.float32))
    about = ("--fps", "25", "--image-size", "120", "90", "--skeleton", "coco17")
    command("data.write", "climb.zarr", "--detections", "own.npy", *about).went_well()
    detecting.write_video(Path("climb.mp4"), map(detecting.shown, range(FRAMES)))


def for_readme(command: Command) -> None:
    write_keypoints()
    write_paired(Path("recordings"))
    command("train", "model=identity", *TINY).went_well()


def for_refine(command: Command) -> None:
    write_keypoints()
    write_detections(command)


def for_train(command: Command) -> None:
    write_paired(Path("recordings"))
    write_penn_action(Path("penn_action"), videos=5)
    record = Record(Path("runs/.sweeps/1").absolute())
    record.plan([Path("runs/pretrain/conv3d/setup1/k1")])


def for_detector(command: Command) -> None:
    detecting = pytest.importorskip("detecting", reason="the detect extra is not installed")
    from PIL import Image

    write_paired(Path("recordings"))
    detecting.write_video(Path("climb.mp4"), map(detecting.shown, range(FRAMES)))
    Path("frames").mkdir()
    for number in range(3):
        Image.fromarray(detecting.shown(number)).save(f"frames/{number}.png")
    np.save("detections.npy", poses().astype(np.float32))
    np.save("truth.npy", poses()[..., :2].astype(np.float32))
    np.save("visible.npy", np.ones((FRAMES, 17), bool))


def for_explore(command: Command) -> None:
    pytest.importorskip("sklearn", reason="the explore extra is not installed")
    pytest.importorskip("onnxscript", reason="the onnx extra is not installed")
    small = ("network.channels=4", "network.stem=[2,2,2]", "data.size=32", "data.images=40")
    quick = ("data.workers=0", "trainer.accelerator=cpu", "trainer.enable_progress_bar=false")
    once = ("experiment=hourglass_small", "trainer.max_epochs=1", "pictures=0")
    command("train_detector", *once, *small, *quick).went_well()
    tcn = ("model=tcn", "model.network.width=8", "model.network.depth=1")
    command("train", *tcn, *TINY, "trainer.max_epochs=1").went_well()


def for_data(command: Command) -> None:
    for_train(command)


def nothing(command: Command) -> None:
    """For pages whose examples need no files."""


PREPARE: Mapping[str, Callable[[Command], None]] = {
    "README": for_readme,
    "refine": for_refine,
    "train": for_train,
    "detector": for_detector,
    "data": for_data,
    "explore": for_explore,
}


def names(page: Path) -> dict[str, Any]:
    """What examples take for granted: arrays, and results shaped as other libraries give them."""
    seen, marks = poses(), body("blazepose33", FRAMES) / [640, 480, 1]
    nobody: list[Any] = []
    landmarks = [[SimpleNamespace(x=x, y=y, visibility=v) for x, y, v in pose] for pose in marks]
    tensors = [torch.from_numpy(pose)[None] for pose in seen]
    return {
        "__name__": page.stem,
        "keypoints": seen[..., :2],
        "scores": seen[..., 2],
        "frames": range(FRAMES),
        "body": lambda frame: (seen[None, frame, :, :2], seen[None, frame, :, 2]),
        "results": [
            SimpleNamespace(keypoints=SimpleNamespace(data=tensor))
            for tensor in (*tensors, torch.empty(0, 17, 3))
        ],
        "features": np.random.default_rng(0).standard_normal((70, 30)),
        "landmarker_results": [
            SimpleNamespace(pose_landmarks=people)
            for people in (*([one] for one in landmarks), nobody)
        ],
    }


def tiny(name: str, arguments: list[str]) -> list[str]:
    """What makes a command as short as it can be."""
    if name == "detect":
        return ["detector._target_=detecting.tiny", "device=cpu"]
    if name == "explore":
        return ["clusters=2", "tsne=0", "device=cpu"]
    if name == "train_detector":
        return [*TINY_DETECTOR]
    if name not in TRAINING or any(one.startswith("run=") for one in arguments):
        return []
    read = any(one.startswith("data.root=") for one in arguments)
    every = ["data.actions=all"] if "data=penn_action" in arguments else []
    dry = ["dry_run=true"] if "-m" in arguments else []
    short = ["data.window=8"] if "experiment=steady" in arguments else []
    return [*(READ if read else TINY), *every, *short, *dry]


def reason(name: str, arguments: list[str]) -> str | None:
    """Why a command is only composed."""
    found = (why for (of, word), why in COMPOSED.items() if of == name and word in arguments)
    return next(found, None)


def run(command: Command, text: str) -> None:
    """One of our commands on tiny data; of make, that it has such a target."""
    found = call(text)
    if found is None:
        program, target, *_ = text.split()
        assert program == "make", f"'{text}' is neither run nor listed"
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), text
        return
    name, arguments = found
    if reason(name, arguments) is not None:
        ended = command(name, *arguments, "--cfg", "job")
    else:
        ended = command(name, *arguments, *tiny(name, arguments))
    assert ended.status == 0, (text, ended.out, ended.err)


@RUN
def test_whatever_is_shown_runs(page: Path, command: Command) -> None:
    PREPARE.get(page.stem, nothing)(command)
    space = names(page)
    for fence in fences(page):
        if fence.language in ("bash", "sh"):
            for text in fence.commands():
                run(command, text)
        elif fence.language == "python":
            exec(compile(fence.text, f"{page.name}", "exec"), space)
            refined = space.get("refined")
            assert refined is None or np.isfinite(refined.keypoints).any()
        elif fence.language == "yaml":
            name, _, text = fence.text.partition("\n")
            Path(name.removeprefix("# ")).parent.mkdir(parents=True, exist_ok=True)
            Path(name.removeprefix("# ")).write_text(text)
        else:
            assert fence.language == "text", f"a fence of {fence.language or 'no language'}"


def test_what_is_only_composed_is_there() -> None:
    shown = [
        call(text)
        for page in PAGES
        for fence in fences(page)
        if fence.language in ("bash", "sh")
        for text in fence.commands()
    ]
    for of, word in COMPOSED:
        assert any(found and found[0] == of and word in found[1] for found in shown), (of, word)


@EVERY
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@EVERY
def test_settings_and_choices_are_in_conf(page: Path) -> None:
    there = known()
    for name in settings(page):
        assert name in there, name
    for group, name in options(page):
        assert (ROOT / "conf" / group / f"{name}.yaml").exists(), name


#: Files of ``conf/`` that show commands above their settings, and the Makefile.
EXAMPLES = [*examples(ROOT)]


def test_what_conf_and_the_makefile_show_can_be_typed() -> None:
    """Commands, settings and choices are there; `--help` shows the examples of ``conf/``."""
    assert len(EXAMPLES) > 30
    there = known()
    for text in EXAMPLES:
        name, *arguments = shlex.split(text, comments=True)
        assert (ROOT / "conf" / f"{name}.yaml").exists(), text
        for setting, _, value in (one.partition("=") for one in arguments if "=" in one):
            assert setting in there or setting in ("hydra/launcher", "hydra.launcher"), text
            folder = ROOT / "conf" / setting
            if folder.is_dir() and "$" not in value:
                files = (folder / f"{choice}.yaml" for choice in value.split(","))
                assert all(file.exists() for file in files), text


def test_settings_are_found_in_tables() -> None:
    """The tables are read at all."""
    found = {page.stem: set(settings(page)) for page in PAGES}
    assert {"model.interval", "runs_dir", "data.holdout"} <= found["train"]
    assert {"model.cutoff_hz", "video_start"} <= found["refine"]
    choices = {page.stem: set(options(page)) for page in PAGES}
    assert ("model", "kalman") in choices["refine"]
    assert ("detector", "blazepose") in choices["detector"]
    assert ("data", "aist") in choices["data"]
    assert ("experiment", "finished") in choices["train"]


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs/refined.gif").stat().st_size <= 600_000
