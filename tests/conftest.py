"""Shapes are checked while testing, and no test takes more than one core."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from jaxtyping import install_import_hook

sys.path.insert(0, str(Path(__file__).parent))
install_import_hook("temporal_pose", "shapes.check")

import pytest  # noqa: E402
import torch  # noqa: E402
from commands import command  # noqa: E402, F401


@pytest.fixture(autouse=True)
def one_thread():
    """Several threads on tiny tensors are slower, and far slower on a busy machine."""
    torch.set_num_threads(1)
