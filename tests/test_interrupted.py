"""Commands that are ended at random moments, or find no room: nothing is half written, and the
same command ends as if nothing had been.
"""

import json
import os
import random
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip("torchvision", reason="the detect extra is not installed")
pytest.importorskip("sklearn", reason="the explore extra is not installed")
pytest.importorskip("onnxscript", reason="the onnx extra is not installed")

from commands import TINY, write_paired
from detecting import shown, write_video
from pose_files import body
from processes import started

import temporal_pose

TESTS = Path(__file__).parent
KILLS = int(os.environ.get("TEMPORAL_POSE_KILLS", 1))  # of each kind
WAYS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")


class Case(NamedTuple):
    """A command that writes.

    Args:
        command: the module.
        typed: what is typed, but for where the result goes.
        out: what says that.
        most: size of a file that is too large, bytes.
        ended: whether it is ended at random moments as well.
        slow: of what takes seconds, the suite sees only what it does without room.
    """

    command: str
    typed: tuple[str, ...]
    out: str = "out=OUT"
    most: int = 300
    ended: bool = False
    slow: bool = False


_RUN = "run=runs/pretrain/tcn/setup1/k1"
_IMAGES = (
    *("experiment=hourglass_small", "network.channels=4", "network.stem=[2,2,2]", "data.size=32"),
    *("data.images=12", "data.workers=0", "trainer.max_epochs=1", "trainer.accelerator=cpu"),
    *("trainer.enable_progress_bar=false", "pictures=0"),
)
_SPLIT = "data.split={train: [ch00], val: [ch01], test: [ch02]}"
_ARRAYS = ("--detections=a.npy", "--fps=25", "--image-size", "120", "90", "--skeleton=coco17")

#: By what is written: all commands that write, and all that shall survive being ended.
CASES: Mapping[str, Case] = {
    "evaluate": Case("evaluate", ("model=savgol", *TINY), ended=True),
    "report": Case("report", ("runs_dir=runs",), most=2000, ended=True),
    "refine": Case("refine", ("source=a.json", "fps=25"), most=2000, ended=True),
    "detect": Case(
        "detect",
        ("detector._target_=detecting.tiny", "device=cpu", "source=a.mp4", "batch_size=2"),
        "out=OUT/a.zarr",
        most=2000,
        ended=True,
    ),
    "explore": Case(
        "explore",
        (_RUN, "clusters=2", "tsne=0", "device=cpu"),
        "out=OUT/latent",
        ended=True,
        slow=True,
    ),
    "show": Case("show", ("frames=20",), "out=OUT/a.gif", most=2000, ended=True),
    "a video": Case("refine", ("source=a.json", "video=a.mp4", "fps=25"), most=2000),
    "train": Case("train", ("model=identity", *TINY), "runs_dir=OUT"),
    "finetune": Case("finetune", ("model=identity", *TINY), "runs_dir=OUT"),
    "train_detector": Case("train_detector", _IMAGES, "runs_dir=OUT"),
    "fit_noise": Case("fit_noise", ("data.root=paired", _SPLIT), "out=OUT/a.yaml", slow=True),
    "export": Case("export", (_RUN,), "out=OUT/a.onnx", slow=True),
    "data.write": Case("data.write", _ARRAYS, "OUT/a.zarr"),
}
#: Libraries that commands import when they need them.
LATER = (
    *(
        f"sklearn.{name}"
        for name in ("cluster", "linear_model", "manifold", "metrics", "pipeline")
    ),
    *("onnxscript", "onnxruntime", "av", "temporal_pose.footage.overlay"),
)


def run(
    name: str, folder: Path, out: str, after: float = 0, way: int = 0, most: int = 0
) -> tuple[int | None, str]:
    """Exit status of a command, and what it said.

    Args:
        after: seconds after which it gets the signal ``way``.
        most: bytes that a file may have.
    """
    case = CASES[name]
    typed = (*case.typed, case.out.replace("OUT", out))
    child = started(case.command, *typed, cwd=folder, most=most, also=LATER)
    if way:
        time.sleep(after)
        if child.poll() is None:
            os.kill(child.pid, way)
    ended = child.end()
    return ended.status, ended.err


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands read."""
    folder = tmp_path_factory.mktemp("inputs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # omegaconf's own types are of old
        from fuzzing.run_folders import write_events, write_run, write_runs

        write_runs(folder / "runs")
        write_run(folder / "runs/pretrain/tcn/setup1/k1", "tcn")
    write_events(folder / "runs/pretrain/conv3d/setup1/k1")
    write_paired(folder / "paired", dances=3, cameras=1, frames=200)
    np.save(folder / "a.npy", np.ones((7, 17, 3), np.float32))
    write_poses(folder / "a.json")
    write_video(folder / "a.mp4", [shown(number) for number in range(20)])
    return folder


def write_poses(path: Path) -> None:
    """COCO results of somebody who walks."""
    rows = [
        {"image_id": n, "category_id": 1, "keypoints": one.ravel().tolist(), "score": 0.9}
        for n, one in enumerate(body("coco17", 20))
    ]
    path.write_text(json.dumps(rows))


def written(folder: Path) -> dict[str, bytes]:
    """What is there under its final name."""
    files = [item for item in folder.rglob("*") if item.is_file()]
    named = {str(file.relative_to(folder)): file for file in files}
    return {
        name: file.read_bytes()
        for name, file in sorted(named.items())
        if not any(part.startswith(".") or part.endswith(".part") for part in Path(name).parts)
    }


def check_whole(there: Mapping[str, bytes], whole: Mapping[str, bytes]) -> None:
    """What is there is as it shall be in the end; of a folder of zarr, all or nothing."""
    assert there == {name: content for name, content in whole.items() if name in there}
    stores = {name.split(".zarr")[0] for name in there if ".zarr/" in name}
    assert {name for name in whole if name.split(".zarr")[0] in stores} <= there.keys()


def test_every_command_that_writes_is_among_them() -> None:
    root = Path(temporal_pose.__file__).parent
    known = {file.stem for file in root.glob("*.py") if "@command(" in file.read_text()}
    assert known - {"watch"} == {case.command for case in CASES.values()} - {"data.write"}


@pytest.mark.parametrize("name", CASES)
def test_without_room_a_line_says_so_and_what_is_ended_goes_on(
    inputs: Path, name: str, full_disk: Path
) -> None:
    most = 0 if (full_disk / "ballast").exists() else CASES[name].most
    status, said = run(name, inputs, str(full_disk), most=most)
    assert (status, said.count("\n")) in ((2, 1), (1, 1)), said
    assert said.startswith("error: ")
    assert ("No space left on device" if not most else "File too large") in said
    assert {name for name in written(full_disk) if name != "ballast"} == set()
    if CASES[name].slow and KILLS == 1:
        return
    (full_disk / "ballast").unlink(missing_ok=True)
    whole = ended(inputs, name, full_disk) if CASES[name].ended else None
    assert run(name, inputs, str(full_disk)) == (0, "")
    assert written(full_disk) == whole if whole is not None else written(full_disk)


def ended(inputs: Path, name: str, out: Path) -> dict[str, bytes]:
    """Ends a command at random moments, and looks at what is there then.

    Returns:
        What there is when it is left alone.
    """
    rng, began = random.Random(name), time.monotonic()
    calm = inputs / f"{name}-calm"
    calm.mkdir()
    assert run(name, inputs, calm.name) == (0, "")
    took, whole = time.monotonic() - began, written(calm)
    assert whole
    for way in WAYS * KILLS:
        status, said = run(name, inputs, str(out), rng.uniform(0, took), way)
        assert status in (0, -way) or (way == signal.SIGINT and status == 1), said
        # A signal while the interpreter clears away is told by it, and changes nothing.
        assert said.count("Traceback") == said.count("Exception ignored in"), said
        check_whole(written(out), whole)
    return whole


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder without room: of a small disk that is full, where one can be made."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield folder
        return
    try:
        with (folder / "ballast").open("wb", buffering=0) as file:
            while file.write(bytes(1 << 12)):
                pass
    except OSError:
        pass
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
