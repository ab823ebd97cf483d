"""Places in JSON texts, beside Python's own reader."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from temporal_pose.formats.documents import spans
from temporal_pose.formats.documents.spans import (
    Edit,
    Place,
    Spans,
    added,
    dumped,
    edited,
    renumbered,
    walked,
)
from temporal_pose.formats.documents.texts import DamagedError

FUZZ = settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
ROOTS = st.lists(JSON, max_size=5) | st.dictionaries(st.text(max_size=4), JSON, max_size=5)


def once(members: list[tuple]) -> dict:
    if len(dict(members)) < len(members):
        raise ValueError
    return dict(members)


def rebuilt(text: str, streamed: str) -> object:
    """What `walked` yields, put together again."""
    pieces = list(walked(text, "it", streamed))
    if text.lstrip().startswith("["):
        return [value for _, _, value in pieces]
    found: dict[str, object] = {}
    for name, _, value in pieces:
        if name == streamed:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


@FUZZ
@given(
    value=ROOTS, indent=st.sampled_from([None, 0, 2, "\t"]), padding=st.sampled_from(["", "\n "])
)
def test_a_walk_meets_every_value_where_it_is(value, indent, padding) -> None:
    text = padding + json.dumps(value, indent=indent) + padding
    assert rebuilt(text, "no such name") == value
    for name, start, inner in walked(text, "it", "no such name"):
        assert json.JSONDecoder().raw_decode(text, start)[0] == inner
        if isinstance(value, dict):
            begin, end = Spans(text).of(Place(len(padding), (name,)))
            assert (begin, json.loads(text[begin:end])) == (start, inner)


@FUZZ
@given(people=st.lists(JSON, min_size=1, max_size=4), rest=st.dictionaries(st.text(), JSON))
def test_elements_of_one_member_come_one_by_one(people, rest) -> None:
    document = {**rest, "people": people, "last": 1}
    assert rebuilt(json.dumps(document, indent=1), "people") == document


@FUZZ
@given(
    value=ROOTS,
    place=st.integers(0, 200),
    piece=st.text(alphabet='[]{},:"1e- \n', max_size=2),
    cut=st.integers(0, 2),
)
def test_a_walk_accepts_what_python_accepts(value, place, piece, cut) -> None:
    text = json.dumps(value)
    text = text[:place] + piece + text[place + cut :]
    try:
        expected = json.loads(text, object_pairs_hook=once)
    except ValueError:
        expected = None
    if isinstance(expected, list | dict):
        assert rebuilt(text, "no such name") == expected
    else:
        with pytest.raises(DamagedError):
            rebuilt(text, "no such name")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("7", "it ends in the middle (line 1, column 1)"),
        ('"a"]', "it is not JSON (expecting a list or an object, line 1, column 1)"),
        ('[1, 2\n, {"a": ', "it ends in the middle (line 2, column 9)"),
        ("[1,]", "it is not JSON (expecting ',' delimiter, line 1, column 3)"),
        ("[1] 2]", "it is not JSON (extra data, line 1, column 4)"),
        ('{"a" 1}', "it is not JSON (expecting ':' delimiter, line 1, column 6)"),
        ("{1: 1}", "it is not JSON (expecting a name, line 1, column 2)"),
        ("[" + "9" * 5000 + "]", "it has a number that is too long"),
        ("[" * 100_000 + "]", "it is nested too deeply"),
    ],
)
def test_what_is_wrong_is_said(text, message) -> None:
    with pytest.raises(DamagedError, match=f"^{re.escape(message)}$"):
        list(walked(text, "it"))


def test_large_texts_are_read_in_small_pieces(monkeypatch) -> None:
    monkeypatch.setattr(spans, "_LARGEST", 1 << 10)
    entries = [{"n": n, "list": [n] * (n % 90)} for n in range(300)] + [12345678] * 999
    assert rebuilt(json.dumps(entries), "") == entries
    document = {"first": 1, "people": entries, "last": [1, 2]}
    assert rebuilt(json.dumps(document), "people") == document
    with pytest.raises(DamagedError, match="an entry of at most 32 MB, line 1, column 6"):
        list(walked(json.dumps([12, [1] * 700, 3]), "it"))


def test_a_place_is_found_along_a_path() -> None:
    text = ' {"a": [0, {"b c": [1, [2, 3.50]]}], "d": {}}'
    found = Spans(text)
    for path, piece in (
        ((), text[1:]),
        (("a",), '[0, {"b c": [1, [2, 3.50]]}]'),
        (("a", 1, "b c", 1), "[2, 3.50]"),
        (("a", 1, "b c", 1, 1), "3.50"),
        (("d",), "{}"),
    ):
        start, end = found.of(Place(1, path))
        assert text[start:end] == piece


def test_many_places_are_found_without_reading_all_before_them(monkeypatch) -> None:
    read = []
    decoder = json.JSONDecoder()

    class Counting:
        def raw_decode(self, text: str, at: int) -> tuple:
            read.append(at)
            return decoder.raw_decode(text, at)

    text = json.dumps({"x": [[[1], [2]]] * 100, "y": [[[3], [4]]] * 100})
    monkeypatch.setattr(spans, "_DECODER", Counting())
    found = Spans(text)
    for frame in range(100):
        for person in (0, 1):
            found.of(Place(0, ("x", frame, person)))
            found.of(Place(0, ("y", frame, person)))
    lists = 2 * (100 + 100 * 2)  # each frame and each person once, in x and in y
    assert len(read) < lists + 20


def test_a_value_that_is_not_there() -> None:
    found = Spans('{"a": [1]}')
    assert found.has(Place(0, ("a", 0)))
    assert not found.has(Place(0, ("a", 1)))
    assert not found.has(Place(0, ("b",)))


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": 2, "a": 1}', '[{"a": 1, "a": 2}]', '{"p": [{"x": {"a": 1, "a": 1}}]}']
)
def test_two_values_of_one_name_are_refused(text) -> None:
    """Only one of them would be read, and perhaps the other one be changed."""
    with pytest.raises(DamagedError, match=r"^it has 'a' twice in one object$"):
        list(walked(text, "it", "p"))


def test_numbers_change_and_all_else_stays() -> None:
    text = "[[1.0, 2e3],\n\t[ -3 ,null]]"
    assert renumbered(text, [None, "7", None, "8.5"]) == "[[1.0, 7],\n\t[ -3 ,8.5]]"
    assert renumbered("0 0.50  3\r", [None, "1", None]) == "0 1  3\r"


@pytest.mark.parametrize(
    ("text", "items", "result"),
    [
        ("[]", ["1"], "[1]"),
        ("[ ]", ["1", "2"], "[1, 2 ]"),
        ("[0\n]", ["1"], "[0, 1\n]"),
        ('{"a": 0}', ['"b": 1'], '{"a": 0, "b": 1}'),
    ],
)
def test_items_are_added_at_the_end(text, items, result) -> None:
    assert edited(text, [added(text, (0, len(text)), items)]) == result


def test_edits_are_made_from_left_to_right() -> None:
    edits = [Edit(4, 4, "!"), Edit(0, 1, "xy"), Edit(2, 4, "")]
    assert edited("abcde", edits) == "xyb!e"


def test_new_pieces_are_set_like_the_old() -> None:
    assert dumped({"a": [1, 2]}, '{"b":[3,4]}') == '{"a":[1,2]}'
    assert dumped({"a": [1, 2]}, '{"b": [3, 4]}') == '{"a": [1, 2]}'
