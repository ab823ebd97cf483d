"""Room that is taken before a file is mapped."""

import os
from pathlib import Path

import pytest

from temporal_pose.files.reserving import reserve


@pytest.mark.parametrize("quick", [True, False])
def test_a_file_with_holes_is_filled_and_keeps_what_is_in_it(
    quick: bool, tmp_path: Path, monkeypatch
) -> None:
    if not quick:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    path = tmp_path / "file"
    path.write_bytes(b"head")
    os.truncate(path, 5_000_003)
    reserve(path)
    assert path.read_bytes() == b"head" + bytes(4_999_999)
    assert path.stat().st_blocks * 512 >= 5_000_003
