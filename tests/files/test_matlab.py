import os
import signal
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from temporal_pose.errors import DataError
from temporal_pose.files import matlab

NAMES = ("x", "action", "n")


def write(path: Path, compressed: bool = False, **changed: object) -> Path:
    fields = {"x": np.arange(21.0).reshape(3, 7), "action": "situp", "n": np.uint8([[3]])}
    savemat(path, fields | changed, do_compression=compressed)
    return path


def read(*paths: Path) -> list[dict[str, np.ndarray]]:
    return list(matlab.read(paths, NAMES))


def flipped(path: Path, byte: int, bit: int) -> Path:
    content = bytearray(path.read_bytes())
    content[byte] ^= 1 << bit
    other = path.with_name(f"{byte}_{bit}.mat")
    other.write_bytes(content)
    return other


@pytest.mark.parametrize("compressed", [True, False])
def test_fields_come_as_scipy_reads_them(tmp_path, compressed):
    files = [write(tmp_path / f"{n}.mat", compressed, n=np.uint8([[n]])) for n in range(70)]
    found = read(*files)
    assert [fields["n"].item() for fields in found] == list(range(70))
    np.testing.assert_array_equal(found[-1]["x"], np.arange(21.0).reshape(3, 7))
    assert found[-1]["action"].tolist() == ["situp"]
    assert list(matlab.read(files[:1], ["y", "n"])) == [{"n": np.uint8([[0]])}]


def test_what_is_no_numbers_is_void(tmp_path):
    (found,) = read(write(tmp_path / "a.mat", x={"y": 1}, n=np.array([["a", 2]], object)))
    assert found["x"].dtype.kind == found["n"].dtype.kind == "V"


def test_no_flipped_bit_ends_this_process(tmp_path):
    """Several of them end scipy's reader; whoever reads next is not disturbed."""
    path = write(tmp_path / "a.mat")
    said: set[str] = set()
    for byte in (*range(128, 200, 5), 145):
        try:
            read(flipped(path, byte, 3))
        except DataError as error:
            said.add(str(error).partition(" (")[2])
    assert any("whoever reads it is ended by SIG" in line for line in said)
    assert read(path)[0]["action"].tolist() == ["situp"]


def test_the_file_that_ends_the_reader_is_named(tmp_path):
    good = [write(tmp_path / f"{n}.mat") for n in range(3)]
    bad = flipped(write(tmp_path / "bad.mat"), 145, 3)
    files = matlab.read([*good, bad, *good], NAMES)
    for _ in good:
        next(files)
    with pytest.raises(DataError) as error:
        next(files)
    assert str(error.value).startswith(
        f"{bad}: cannot be read as a MATLAB 5 file (whoever reads it is ended by SIG"
    )
    assert str(error.value).endswith("); copy or download it again")


def test_no_answer_is_an_answer(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mat")
    list(matlab.read([path], NAMES))  # the reader is there
    monkeypatch.setattr(matlab, "_PATIENCE_S", 0.05)
    os.kill(matlab._child()._process.pid, signal.SIGSTOP)
    with pytest.raises(DataError, match=r"a.mat: .*\(whoever reads it is ended by SIGKILL\)"):
        read(path)


def test_half_an_answer_is_not_taken_for_the_next(tmp_path):
    one, two = (write(tmp_path / f"{n}.mat", n=np.uint8([[n]])) for n in (1, 2))
    some = matlab.read([one, one, one], NAMES)
    assert next(some)["n"].item() == 1
    assert read(two)[0]["n"].item() == 2


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.mat")
    (tmp_path / "empty.mat").touch()
    (tmp_path / "text.mat").write_text("hello" * 99)
    for name in ("pipe.mat", "empty.mat", "text.mat", "none.mat"):
        with pytest.raises(DataError, match=rf"{name}: cannot be read as a MATLAB 5 file \("):
            read(tmp_path / name)
