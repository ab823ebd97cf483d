"""Real dances, and randomness."""

import numpy as np
import pytest


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
