"""README.md and docs/: every command and every example runs, every link and setting is there."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from commands import TINY, Command, write_paired, write_penn_action
from example_files import (
    FRAMES,
    poses,
    write_coco,
    write_detections,
    write_frames,
    write_keypoints,
    write_leeds,
    write_video,
)
from model_files import stand_in_for_blazepose, write_rtmpose
from pages import PAGES, ROOT, anchors, fences, known, links, options, settings
from pose_files import body
from tiny_runs import TINY_DETECTOR, run

from temporal_pose.runs.records import Record

EVERY = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
#: Pages with something to run; results.md has nothing.
SHOWING = [page for page in PAGES if fences(page)]
RUN = pytest.mark.parametrize("page", SHOWING, ids=lambda page: page.stem)


def for_readme(command: Command) -> None:
    write_keypoints()
    write_video()
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
    write_paired(Path("recordings"))
    write_video()
    write_frames()
    write_rtmpose(Path("rtmpose.onnx"))
    np.save("detections.npy", poses().astype(np.float32))
    np.save("truth.npy", poses()[..., :2].astype(np.float32))
    np.save("visible.npy", np.ones((FRAMES, 17), bool))


def for_explore(command: Command) -> None:
    pytest.importorskip("sklearn", reason="the explore extra is not installed")
    pytest.importorskip("onnxscript", reason="the onnx extra is not installed")
    small = ("experiment=hourglass_small", *TINY_DETECTOR)
    command("train_detector", *small, "data.images=40").went_well()
    of_coco = ("data=coco", f"data.root={write_coco(Path('coco'))}")
    command("train_detector", *small, *of_coco).went_well()
    tcn = ("model=tcn", "model.network.width=8", "model.network.depth=1")
    command("train", *tcn, *TINY, "trainer.max_epochs=1").went_well()


def for_hourglass(command: Command) -> None:
    write_video()
    write_leeds(write_coco(Path("DIR")))


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
    "hourglass": for_hourglass,
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


@RUN
def test_whatever_is_shown_runs(
    page: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in_for_blazepose(monkeypatch)
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
