"""Commands that are ended at random moments, or find no room: nothing is half written, and the
same command ends as if nothing had been.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torchvision", reason="the detect extra is not installed")

from commands import TINY
from detecting import shown, write_video
from pose_files import body

TESTS = Path(__file__).parent
KILLS = int(os.environ.get("TEMPORAL_POSE_KILLS", 1))  # of each kind
WAYS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")

#: What is typed, but for where the result goes; and the size of a file that is too large, bytes.
COMMANDS: Mapping[str, tuple[tuple[str, ...], str, int]] = {
    "evaluate": (("model=savgol", *TINY), "out=OUT", 300),
    "report": (("runs_dir=runs",), "out=OUT", 2000),
    "refine": (("source=a.json", "fps=25"), "out=OUT", 2000),
    "detect": (
        ("detector._target_=detecting.tiny", "device=cpu", "source=a.mp4", "batch_size=2"),
        "out=OUT/a.zarr",
        2000,
    ),
    "explore": (
        (
            *("run=trained/detector/figures/hourglass", "clusters=2", "tsne=0"),
            *("data.workers=0", "device=cpu"),
        ),
        "out=OUT/latent",
        2000,
    ),
    "show": (("frames=20",), "out=OUT/a.gif", 2000),
}

#: What makes an input of one of them.
BEFORE: Mapping[str, tuple[tuple[str, ...], str, int]] = {
    "train_detector": (
        (
            *("data.images=8", "data.size=32", "data.workers=0", "trainer.max_epochs=1"),
            *("network.stacks=1", "network.channels=4", "network.stem=[2,2,2]", "pictures=0"),
            *("network.depth=1", "trainer.accelerator=cpu", "trainer.enable_progress_bar=false"),
        ),
        "runs_dir=OUT",
        0,
    )
}


class Commands:
    """Starts commands from a process that has imported them all; see `extra/warm.py`."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, str(TESTS / "extra" / "warm.py"), *COMMANDS, *BEFORE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": path},
        )  # fmt: skip

    def ask(self, asked: Any) -> Any:
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def run(
        self, name: str, folder: Path, out: str, after: float = 0, way: int = 0, most: int = 0
    ) -> tuple[int, str]:
        """Exit status of a command, and what it said.

        Args:
            after: seconds after which it gets the signal ``way``.
            most: bytes that a file may have.
        """
        err = folder / f"{time.monotonic_ns()}.err"
        said, where, _ = (COMMANDS | BEFORE)[name]
        order = {"command": name, "typed": [*said, where.replace("OUT", out)], "most": most}
        pid = self.ask(order | {"folder": str(folder), "err": str(err)})
        if way:
            time.sleep(after)
        status = self.ask(pid) if way else None
        if way and status is None:
            os.kill(pid, way)
        while status is None:
            time.sleep(0.01)
            status = self.ask(pid)
        return status, err.read_text()


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    commands = Commands()
    yield commands
    commands.process.stdin.close()
    assert commands.process.wait() == 0
    commands.process.stdout.close()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Path:
    """A folder with what the commands read."""
    folder = tmp_path_factory.mktemp("inputs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # omegaconf's own types are of old
        from fuzzing.run_folders import write_events, write_runs

        write_runs(folder / "runs")
    write_events(folder / "runs/pretrain/conv3d/setup1/k1")
    write_poses(folder / "a.json")
    write_video(folder / "a.mp4", [shown(number) for number in range(20)])
    assert commands.run("train_detector", folder, "trained")[0] == 0
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


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_ended_leaves_nothing_half_written_and_goes_on(
    commands: Commands, inputs: Path, name: str
) -> None:
    rng, out = random.Random(name), inputs / f"{name}-rough"
    began = time.monotonic()
    calm = inputs / f"{name}-calm"
    calm.mkdir()
    assert commands.run(name, inputs, calm.name) == (0, "")
    took, whole = time.monotonic() - began, written(calm)
    assert whole
    out.mkdir()
    for way in (WAYS[1:] if name == "explore" else WAYS) * KILLS:  # it takes the longest
        status, said = commands.run(name, inputs, out.name, rng.uniform(0, took), way)
        assert status in (0, -way) or (way == signal.SIGINT and status == 1), said
        assert "Traceback" not in said
        check_whole(written(out), whole)
    assert commands.run(name, inputs, out.name) == (0, "")
    assert written(out) == whole


@pytest.mark.parametrize("name", COMMANDS)
def test_where_there_is_no_room_a_line_says_so(
    commands: Commands, inputs: Path, name: str, full_disk: Path
) -> None:
    most = 0 if (full_disk / "ballast").exists() else COMMANDS[name][2]
    status, said = commands.run(name, inputs, str(full_disk), most=most)
    assert (status, said.count("\n")) in ((2, 1), (1, 1)), said
    assert said.startswith("error: ")
    assert ("No space left on device" if not most else "File too large") in said
    assert {name for name in written(full_disk) if name != "ballast"} == set()
    (full_disk / "ballast").unlink(missing_ok=True)
    assert commands.run(name, inputs, str(full_disk)) == (0, "")
    assert written(full_disk)


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
