"""Where the real data lie, and bodies to move about."""

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets; without it the test is skipped."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("TEMPORAL_POSE_SHARED_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set TEMPORAL_POSE_SHARED_DATA")
    return path


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def aist(shared_data) -> dict[str, dict[str, np.ndarray]]:
    """Real detections beside pseudo ground truth, by name; files out of step are left out."""
    found = {}
    for path in sorted((shared_data / "aist_gbr").glob("*.npz")):
        if not path.stem.startswith(("gBR_sBM_c05_d04_mBR0_ch01", "gBR_sBM_c05_d04_mBR0_ch06")):
            with np.load(path) as file:
                found[path.stem] = {name: file[name] for name in file.files}
    return found


@pytest.fixture(scope="session")
def dance(aist) -> dict[str, np.ndarray]:
    """The clip that faults are put into."""
    return aist["gBR_sBM_c01_d04_mBR0_ch02"]
