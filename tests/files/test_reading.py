import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.reading import arrays, mapped, native, reading


def npy(array: np.ndarray, **changed: object) -> bytes:
    """A file as numpy writes it, but for what its header says."""
    buffer = io.BytesIO()
    about = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape} | changed
    np.lib.format.write_array_header_1_0(buffer, about)
    return buffer.getvalue() + array.tobytes()


X = np.arange(21, dtype=np.float32).reshape(3, 7)


def member(content: bytes, **changed: int) -> bytes:
    """An archive of one array, with other numbers in the entry that says how it is stored.

    Args:
        changed: offsets in the central directory's entry and the 16 bits to stand there.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.npy", content)
    whole = bytearray(buffer.getvalue())
    for place, local in ((whole.index(b"PK\1\2"), 2), (0, 0)):
        for name, value in changed.items():
            offset = {"needed": 4, "flags": 6, "method": 8}[name] + local
            whole[place + offset : place + offset + 2] = struct.pack("<H", value)
    return bytes(whole)


#: What can be wrong with an array, alone or in an archive.
ARRAYS = {
    "0 bytes": b"",
    "only magic": npy(X)[:8],
    "half a header": npy(X)[:60],
    "an open bracket": npy(X).replace(b"'shape': (3, 7)", b"'shape': (3, 7 "),
    "no Python": npy(X).replace(b"'shape': (3, 7)", b"'shape': ]3, 7)"),
    "cut short": npy(X)[:-5],
    "a million million": npy(X, shape=(10**12,)),
    "more than there is": npy(X, shape=(10**30, 3)),
    "negative": npy(X, shape=(-3, 7)),
    "an object": npy(np.array([1]), descr="|O"),
    "an unknown type": npy(X).replace(b"<f4", b"<q9"),
    "a version to come": npy(X).replace(b"NUMPY\1", b"NUMPY\7"),
    "a pickle": b"\x80\x04N.",
    "text": b"hello" * 99,
}
#: What can be wrong with an archive.
ARCHIVES = {
    "a method to come": member(npy(X), method=99),
    "a version to come": member(npy(X), needed=250),
    "encrypted": member(npy(X), flags=1),
    "compressed, it says": member(npy(X), method=8),
    "bzip2, it says": member(npy(X), method=12),
    "lzma, it says": member(npy(X), method=14),
    "a plain array": npy(X),
    "another content": member(npy(X)).replace(X.tobytes(), X[::-1].tobytes()),
} | {f"{name}, inside": member(content) for name, content in ARRAYS.items()}


@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_archive_is_one_error(tmp_path, kind):
    (tmp_path / "a.npz").write_bytes(ARCHIVES[kind])
    with pytest.raises(DataError) as error:
        arrays(tmp_path / "a.npz", ["x"])
    said = str(error.value)
    assert said.startswith(f"{tmp_path / 'a.npz'}: cannot be read as .npz (")
    assert said.endswith("); copy or download the file again")
    assert "\n" not in said


@pytest.mark.parametrize("kind", ARRAYS)
def test_a_damaged_array_is_one_error(tmp_path, kind):
    (tmp_path / "a.npy").write_bytes(ARRAYS[kind])
    with pytest.raises(DataError, match=r"a.npy: cannot be read as .npy \(.*\); copy or download"):
        mapped(tmp_path / "a.npy")


@pytest.mark.parametrize("reader", [mapped, lambda path: arrays(path, ["x"])])
def test_what_is_no_file_is_not_waited_for(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder", "nothing"):
        with pytest.raises(DataError, match=rf"{name}: cannot be read as \.np"):
            reader(tmp_path / name)


def test_an_archive_is_no_array(tmp_path):
    np.savez(tmp_path / "a.npz", x=X)
    message = r"\(an archive of arrays; expected one, as numpy.save writes it\)"
    with pytest.raises(DataError, match=message):
        mapped(tmp_path / "a.npz")


def test_whole_files_are_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=X.astype(">f4"), z=3)
    found = arrays(tmp_path / "a.npz", ["x", "y", "none"])
    assert set(found) == {"x", "y"}
    assert found["y"].dtype.isnative
    np.testing.assert_array_equal(found["y"], X)
    np.save(tmp_path / "a.npy", X)
    np.testing.assert_array_equal(mapped(tmp_path / "a.npy"), X)


@pytest.mark.parametrize("dtype", [">f2", "<f2", ">f8", "?", "<U3", ">i4", "u1"])
def test_bytes_in_this_machines_order_are_the_same_numbers(dtype):
    array = np.array([0, 1, 5]).astype(dtype)
    assert native(array).dtype.isnative
    np.testing.assert_array_equal(native(array), array)


def test_an_error_that_is_one_already_is_kept(tmp_path):
    with pytest.raises(ConfigError, match=r"^this$"), reading(Path("x"), ".npz"):
        raise ConfigError("this")
    for error in (MemoryError(), RecursionError("deep\nand deeper"), TypeError("x")):
        with (
            pytest.raises(DataError, match=r"^x: cannot be read as it \("),
            reading(Path("x"), "it"),
        ):
            raise error
