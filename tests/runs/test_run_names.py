import math
from pathlib import Path

import pytest

from temporal_pose.runs.run_names import RunName


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (RunName("conv3d", "1", 1.0), "conv3d/setup1/k1"),
        (RunName("tcn", "3", 0.25, seed=7), "tcn/setup3/k0.25/seed7"),
        (RunName("robust", "2", 2.0, fold=5), "robust/setup2/k2/fold5"),
        (RunName("mine", "1", 11.0, 3, 2), "mine/setup1/k11/seed3/fold2"),
    ],
)
def test_a_name_is_spelled_and_read_back(name: RunName, path: str) -> None:
    assert name.path == Path(path)
    assert RunName.of(Path(path)) == name


@pytest.mark.parametrize("path", [".", "conv3d", "conv3d/setup1", "conv3d/k1/setup1", "a/b/c/d"])
def test_another_folder_has_no_such_name(path: str) -> None:
    assert RunName.of(Path(path)) is None


@pytest.mark.parametrize("path", ["a/setup1/kone", f"a/setup1/k1/seed{'9' * 5000}"])
def test_a_name_without_its_numbers_has_no_strength(path: str) -> None:
    found = RunName.of(Path(path))
    assert found is not None and math.isnan(found.k)
