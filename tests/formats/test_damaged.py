"""Damaged files of every format: whatever is done to them, only our own errors come of it."""

import json
import os
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pose_files import SAMPLES, contents

from temporal_pose.errors import DataError
from temporal_pose.formats import known
from temporal_pose.formats.clips import Given
from temporal_pose.formats.documents.outline import outlined

EVERY = pytest.mark.parametrize("sample", SAMPLES)
PEOPLE = sorted({form for form, _ in SAMPLES.values()})
FUZZ = settings(
    max_examples=int(os.environ.get("TEMPORAL_POSE_FUZZ", 8)),  # hundreds, for a night
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)

ODD_NUMBERS = st.sampled_from([0, -1, 1, 2, 1e9, 1e308, -1e308, 2**63, 10**400, float("nan")])
VALUES = st.recursive(
    st.none() | st.booleans() | ODD_NUMBERS | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
PIECES = st.binary(max_size=6) | st.sampled_from(
    [
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b":",
        b'"',
        b"\\",
        b"null",
        b"NaN",
        b"1e999",
        b"-",
        b"\n",
        b"\0",
    ]
)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("samples")
    return {name: write(folder / f"{name}.json") for name, (_, write) in SAMPLES.items()}


def damaged(path: Path, folder: Path, number: int, content: bytes) -> Path:
    """A copy with another content in its only file, or in one of its files."""
    out = folder / "a.json"
    if path.is_file():
        out.write_bytes(content)
        return out
    out.mkdir()
    for place, file in enumerate(sorted(path.iterdir())):
        (out / file.name).write_bytes(content if place == number else file.read_bytes())
    return out


def survives(form: known.Format, path: Path, folder: Path) -> None:
    """Reading gives clips that are sound and come back, or one line of error."""
    for name in PEOPLE:
        known.named(name).recognises(path)
    try:
        clips = form.read(path, Given())
    except DataError as error:
        assert "\n" not in str(error)
        return
    assert clips and len({clip.name for clip in clips}) == len(clips)
    form.write(folder / "same", clips)
    remarks = "".join(remark for clip in clips for remark in clip.remarks)
    before, after = contents(path), contents(folder / "same")
    assert after == {name: text for name, text in before.items() if name == "" or name in after}
    assert all(name in remarks for name in before.keys() - after.keys())
    size = (640, 480)
    moved = [replace(clip, keypoints=clip.keypoints * 0.9 + 0.001) for clip in clips]
    form.write(folder / "moved", [replace(clip, image_size=size) for clip in moved])
    again = form.read(folder / "moved", Given(skeleton=clips[0].skeleton))
    assert [len(clip) for clip in again] == [len(clip) for clip in clips]
    new = [replace(clip, rows=np.where(clip.rows % 2, clip.rows, -1)) for clip in clips]
    form.write(folder / "new", [replace(clip, image_size=size) for clip in new])
    again = form.read(folder / "new", Given(skeleton=clips[0].skeleton))
    assert sum(map(len, again)) >= sum(map(len, clips))


def file_of(path: Path, number: int) -> bytes:
    return (path if path.is_file() else sorted(path.iterdir())[number]).read_bytes()


@EVERY
@FUZZ
@given(data=st.data(), number=st.integers(0, 4))
def test_cut_and_changed_bytes(sample, pristine, data, number) -> None:
    path = pristine[sample]
    content = file_of(path, number)
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.sampled_from([start, start + 1, start + 9, len(content)]))
    content = content[:start] + data.draw(PIECES) + content[end:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        survives(known.named(SAMPLES[sample][0]), damaged(path, folder, number, content), folder)


def paths(value: Any, there: tuple = ()) -> Iterator[tuple]:
    """Keys and places that lead to each value of a document."""
    yield there
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*there, key))


@pytest.mark.parametrize("sample", [name for name in SAMPLES if name != "ultralytics"])
@FUZZ
@given(value=VALUES, seed=st.integers(0, 10_000), number=st.integers(0, 4))
def test_other_values_in_a_document(sample, pristine, value, seed, number) -> None:
    path = pristine[sample]
    document = json.loads(file_of(path, number))
    places = list(paths(document))
    depth = random.Random(seed).choice(sorted({len(place) for place in places}))
    *way, last = random.Random(seed).choice([p for p in places if len(p) == depth]) or (None,)
    inner = document
    for step in way:
        inner = inner[step]
    if last is None:
        document = value
    else:
        inner[last] = value
    with tempfile.TemporaryDirectory() as name:
        folder, content = Path(name), json.dumps(document).encode()
        survives(known.named(SAMPLES[sample][0]), damaged(path, folder, number, content), folder)


@EVERY
@FUZZ
@given(content=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_something_else_altogether(sample, pristine, content) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = damaged(pristine[sample], folder, 2, content)
        survives(known.named(SAMPLES[sample][0]), path, folder)


@FUZZ
@given(text=st.text(alphabet='[]{},:"\\ a1', max_size=60))
def test_a_first_look_never_fails(text) -> None:
    outlined(text)


def test_a_first_look_at_what_is_nested_without_end() -> None:
    found = outlined('{"a":' * 20_000)
    assert max(map(len, found)) <= 8


@pytest.mark.parametrize("form", PEOPLE)
def test_what_is_no_file_of_keypoints(form, tmp_path) -> None:
    one = known.named(form)
    (tmp_path / "data.pkl").write_bytes(b"\x80\x04\x95cposix\nsystem\n")
    (tmp_path / "empty").write_bytes(b"")
    np.save(tmp_path / "a.npy", np.zeros(3))
    for path in (*tmp_path.iterdir(), tmp_path, tmp_path / "absent", Path("/dev/null")):
        assert not one.recognises(path)
        with pytest.raises(DataError) as refusal:
            one.read(path, Given())
        assert str(path) in str(refusal.value) or str(path.parent) in str(refusal.value)
