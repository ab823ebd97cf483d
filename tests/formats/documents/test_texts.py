"""Reading and writing texts."""

import os
import re

import pytest

from temporal_pose.errors import DataError
from temporal_pose.formats.documents import texts
from temporal_pose.formats.documents.texts import (
    DamagedError,
    contents,
    document,
    encoded,
    head,
    parsed,
    read_again,
    save,
)


@pytest.mark.parametrize("size", [0, 5, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_files_of_every_size_are_read_whole(size, tmp_path) -> None:
    content = os.urandom(size)
    (tmp_path / "a").write_bytes(content)
    assert contents(tmp_path / "a") == contents(str(tmp_path / "a")) == content


def test_a_file_that_is_too_large(tmp_path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(5 << 20)
    message = f"{tmp_path / 'a'} has 5 MB; expected at most 4 MB: split the file"
    with pytest.raises(DamagedError, match=f"^{re.escape(message)}$"):
        contents(tmp_path / "a", 4 << 20)


def test_what_cannot_be_read(tmp_path) -> None:
    with pytest.raises(DamagedError, match="absent cannot be read: No such file or directory"):
        contents(tmp_path / "absent")
    with pytest.raises(DamagedError, match="cannot be read: Is a directory"):
        contents(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DamagedError, match="pipe is no file; expected one of text"):
        document(tmp_path / "pipe")
    assert head(tmp_path / "pipe") == head(tmp_path) == head(tmp_path / "absent") == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_every_unicode_comes_back_as_it_was(encoding, tmp_path) -> None:
    text = '{"näme": "\u2603",\r\n"b": 1}'
    (tmp_path / "a").write_bytes(text.encode(encoding))
    there = document(tmp_path / "a")
    assert there.text == text
    save(tmp_path / "b", there.text, there.encoding)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()
    assert head(tmp_path / "a").lstrip("\ufeff") == text


def test_half_a_character_becomes_its_escape() -> None:
    assert parsed(encoded('"\ud800 ä"'), "it") == "\ud800 ä"


def test_a_file_that_changed_is_not_taken_for_the_one_that_was_read(tmp_path, monkeypatch) -> None:
    (tmp_path / "a").write_text("[1]")
    monkeypatch.chdir(tmp_path)
    there = document(texts.Path("a"))
    monkeypatch.chdir("/")
    assert read_again(there.original) == there
    (tmp_path / "a").write_text("[2]")
    with pytest.raises(DataError, match="has changed since it was read; run the command again"):
        read_again(there.original)
