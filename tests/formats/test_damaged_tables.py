"""Files of tables and arrays that are told apart, damaged, or no files at all."""

import os
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from layouts import npz, with_detections
from tabular import clip_of, moved, people

from temporal_pose.errors import DataError, UserError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import formats, named, recognised
from temporal_pose.pose.skeletons import SKELETONS

hypothesis = pytest.importorskip("hypothesis")
pytest.importorskip("h5py")
st = hypothesis.strategies

KINDS = ("csv", "deeplabcut", "sleap", "trc", "arrays", "paired", "mediapipe")
LONG = "frame,landmark,x,y,visibility\n" + "".join(
    f"{frame},{i},0.{i}1,0.{i}2,0.9\n" for frame in range(3) for i in range(11, 33)
)


@cache
def samples() -> tuple[tuple[str, str, bytes], ...]:
    """Name of the format, suffix and content of a file of each kind."""
    five, body = people(4, 2, 5), people(4, 1, 33)
    told = {"fps": 25.0, "image_size": (1000, 500)}
    skeleton = replace(SKELETONS["coco17"], keypoints=tuple("abcdé"), limbs=())
    many = clip_of(five, skeleton=skeleton, times=np.repeat(np.arange(4) / 25, 2), **told)
    one = clip_of(five[:, :1], skeleton=skeleton, **told)
    posed = clip_of(body, skeleton=SKELETONS["blazepose33"], **told)
    written = [
        ("csv", ".csv", many), ("deeplabcut", ".csv", many), ("sleap", ".h5", many),
        ("trc", ".trc", one), ("arrays", ".npy", many), ("arrays", ".npz", many),
        ("mediapipe", ".csv", posed), ("mediapipe", ".json", posed),
    ]  # fmt: skip
    found = [("mediapipe", ".csv", LONG.encode())]
    with TemporaryDirectory() as folder:
        for name, suffix, clip in written:
            named(name).write(Path(folder) / f"a{suffix}", [clip])
            found.append((name, suffix, (Path(folder) / f"a{suffix}").read_bytes()))
        layout = npz(Path(folder) / "p.npz", with_detections())
        return (*found, ("paired", ".npz", layout.read_bytes()))


def test_each_kind_is_told_from_all_others(tmp_path):
    assert {name for name, _, _ in samples()} == set(KINDS)
    for name, suffix, content in samples():
        path = tmp_path / f"a{suffix}"
        path.write_bytes(content)
        assert recognised(path) is named(name), (name, suffix)


PIECES = (
    b"", b"NaN", b"1e999", b'"', b"\n", b"\r", b",", b";", b"\t", b"null", b"[]", b"{", b"-",
    b"\x00", b"9" * 400, b"\xff\xfe", b"inf", b"\xef\xbb\xbf", b"x0", b"frame",
)  # fmt: skip
DAMAGES = st.lists(
    st.tuples(
        st.floats(0, 1),  # where
        st.integers(0, 40),  # bytes taken out
        st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)),  # put in
    ),
    min_size=1,
    max_size=4,
)


@hypothesis.settings(max_examples=250, deadline=None, derandomize=True, database=None)
@hypothesis.given(st.sampled_from(range(10)), DAMAGES, st.floats(0, 2))
def test_a_damaged_file_is_read_or_refused_in_one_line(sample, damages, end):
    name, suffix, content = samples()[sample]
    damaged = bytearray(content)
    for where, length, piece in damages:
        at = int(where * len(damaged))
        damaged[at : at + length] = piece
    if end < 1:
        del damaged[int(end * len(damaged)) :]
    with TemporaryDirectory() as folder:
        path, out = Path(folder) / f"a{suffix}", Path(folder) / f"b{suffix}"
        path.write_bytes(damaged)
        for kind in formats().values():
            assert kind.recognises(path) in (True, False)
        try:
            clips = named(name).read(path, Given())
        except UserError as error:
            assert str(path) in str(error)
            assert "\n" not in str(error)
            return
        named(name).write(out, clips)
        assert out.read_bytes() == damaged
        with suppress(UserError):  # what nobody has read before may be damaged as well
            named(name).write(out, [moved(clip) for clip in clips])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_never_waited_for(kind, tmp_path):
    pipe, folder, link = tmp_path / "pipe.csv", tmp_path / "folder.csv", tmp_path / "lost.csv"
    os.mkfifo(pipe)
    folder.mkdir()
    link.symlink_to(tmp_path / "nowhere")
    for path in (pipe, folder, link, Path("/dev/null")):
        assert not named(kind).recognises(path)
    with pytest.raises(
        DataError, match=r"pipe\.csv is no regular file; expected a keypoint file$"
    ):
        named(kind).read(pipe, Given())
    with pytest.raises(DataError, match=r"lost\.csv cannot be read: No such file or directory$"):
        named(kind).read(link, Given())
    if kind != "paired":  # whose folders are zarr
        with pytest.raises(DataError, match=r"folder\.csv is a folder; expected a keypoint file$"):
            named(kind).read(folder, Given())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\x80\x04K\x01.", b"PK\x03\x04", b"{}", b"a,b\n"]
)
def test_next_to_nothing_is_refused(kind, content, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert not named(kind).recognises(path)
    with pytest.raises(DataError, match=r"^\S*/a[ :,][^\n]*$"):
        named(kind).read(path, Given())
