import json
import math
import os
import time
from pathlib import Path

import pytest
import yaml

from temporal_pose.files.conf import CONF
from temporal_pose.files.documents import UnreadableError, parse_yaml, read_json, read_yaml

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {x0: 1, y0: 2}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 12)
)


@pytest.mark.parametrize("file", sorted(CONF.rglob("*.yaml")), ids=lambda f: f.stem)
def test_all_of_conf_is_read_as_pyyaml_reads_it(file):
    assert read_yaml(file) == yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 50_000, "nested too deeply"),
        ("a:\n" + "".join(" " * n + "a:\n" for n in range(1, 300)), "nested deeper than 64"),
        ("&a [*a]", "nested deeper than 64"),
        (LAUGHS, "stands for more than 200,000 values"),
        (f"a: &a [{'0,' * 9_000}]\nb: [{'*a,' * 9_000}]", "more than 200,000 values"),
        (MERGES, "merge keys are not taken"),
        ("9" * 5000, "4300 digits"),
        ("!!python/object/apply:os.system [id]", "could not determine a constructor"),
        ("!!timestamp 2001-01-01", "could not determine a constructor"),
        ("!!binary aGk=", "could not determine a constructor"),
        ("!!int x", "invalid literal"),
        ("!!bool x", "x"),
        ("!!float ''", "index out of range"),
        ("{[a]: b}", "unhashable key"),
        ("a: b: c", "mapping values are not allowed"),
        ("a: \0", "special characters are not allowed"),
        ("a: *b", "undefined alias"),
    ],
)
def test_what_lies_is_one_error_and_soon(tmp_path: Path, text, reason):
    started = time.process_time()
    with pytest.raises(UnreadableError, match=reason):
        parse_yaml(text)
    assert time.process_time() - started < 2
    (tmp_path / "it.yaml").write_text(text)
    with pytest.raises(UnreadableError, match=reason) as error:
        read_yaml(tmp_path / "it.yaml")
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text(tmp_path):
    for reader, name in ((read_yaml, "x.yaml"), (read_json, "x.json")):
        (tmp_path / name).write_bytes(b"a: \xff\xfe\xfd")
        with pytest.raises(UnreadableError):
            reader(tmp_path / name)


def test_a_date_stays_text_and_an_alias_is_what_it_stands_for():
    assert parse_yaml("a: &x 2001-01-01\nb: *x\nc: 12:30\nd: [1, 1.5, ~, yes]") == {
        **{"a": "2001-01-01", "b": "2001-01-01", "c": 750},
        "d": [1, 1.5, None, True],
    }


def test_a_file_too_large_is_not_read(tmp_path):
    (tmp_path / "x.yaml").write_text(f"a: [{'1, ' * 400_000}]")
    with pytest.raises(
        UnreadableError, match=r"it has 1,200,005 bytes; expected at most 1,048,576"
    ):
        read_yaml(tmp_path / "x.yaml")


@pytest.mark.parametrize("reader", [read_yaml, read_json])
def test_a_pipe_is_not_waited_for(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableError, match="it is no regular file"):
        reader(tmp_path / "pipe")
    with pytest.raises(UnreadableError, match="it is no regular file"):
        reader(tmp_path)
    with pytest.raises(FileNotFoundError):
        reader(tmp_path / "nothing")


def test_json(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"a": [1, None]}))
    assert read_json(path) == {"a": [1, None]}
    path.write_text("1e400")
    assert read_json(path) == math.inf
    for text in ("[" * 100_000, "9" * 5000, "{", "", "{'a': 1}"):
        path.write_text(text)
        with pytest.raises(UnreadableError):
            read_json(path)
