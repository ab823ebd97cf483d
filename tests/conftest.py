"""Shapes are checked, no test takes more than one core, and where the real data lie."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
# The many processes that tests start would each compile the whole package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

sys.dont_write_bytecode = False
sys.path.insert(0, str(Path(__file__).parent))

import shapes  # noqa: E402

shapes.install("temporal_pose")

import pytest  # noqa: E402
import torch  # noqa: E402
from commands import command, trained  # noqa: E402, F401
from composing import parse_once  # noqa: E402
from sharing import shared_folder  # noqa: E402, F401

parse_once()


@pytest.fixture(autouse=True)
def one_thread():
    """Several threads on tiny tensors are slower, and far slower on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch):
    """Whatever is shown is as wide as in a file; readline notes a terminal's size where it can."""
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets; without it the test is skipped."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("TEMPORAL_POSE_SHARED_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set TEMPORAL_POSE_SHARED_DATA")
    return path
