"""A download is whole or not there, and not waited for without end."""

import hashlib
import io
import socket
import sys
import time
from email.message import Message
from urllib.error import URLError

import pytest

from temporal_pose.detectors import downloading
from temporal_pose.detectors.downloading import download

URL = "https://nowhere.invalid/weights-012.pth"
CONTENT = b"1" * 70_000


@pytest.fixture
def server(monkeypatch):
    """Puts something in place of what answers torch."""
    return lambda answer: monkeypatch.setattr("torch.hub.urlopen", answer)


class Answer(io.BytesIO):
    """What a server sends, after each read a rest."""

    rest = 0.0

    def info(self):
        return Message()

    def read(self, size=-1):
        time.sleep(self.rest)
        return super().read(size)


def test_what_comes_is_whole(server, tmp_path, capsys):
    server(lambda *_: Answer(CONTENT))
    target = tmp_path / "hub/weights.pth"
    assert download(URL, target, hashlib.sha256(CONTENT).hexdigest()[:9]) is None
    assert target.read_bytes() == CONTENT
    assert [*target.parent.iterdir()] == [target]
    assert capsys.readouterr().err == "", "which is for errors"


def test_another_file_than_expected_is_not_kept(server, tmp_path):
    server(lambda *_: Answer(CONTENT))
    assert "invalid hash value" in str(download(URL, tmp_path / "weights.pth", "0" * 9))
    assert not [*tmp_path.iterdir()]


def test_a_reason_is_given(server, tmp_path):
    patience = []

    def unreachable(*_):
        patience.append(socket.getdefaulttimeout())
        raise URLError("no route to host")

    server(unreachable)
    assert download(URL, tmp_path / "a.pth", "") == "<urlopen error no route to host>"
    assert patience == [15], "for each answer"
    assert socket.getdefaulttimeout() is None


def test_silence_is_not_waited_for_without_end(server, tmp_path, monkeypatch):
    """As of a name that is looked up for ever, which has no time limit of its own."""
    server(lambda *_: time.sleep(1.5))
    monkeypatch.setattr(downloading, "_SILENCE_S", 0.2)
    begun = time.monotonic()
    assert download(URL, tmp_path / "weights.pth", "") == "nothing has come for 0.2 s"
    assert time.monotonic() - begun < 1.2
    assert not [*tmp_path.iterdir()]
    assert sys.stderr is not sys.stdout


def test_what_comes_slowly_is_waited_for(server, tmp_path, monkeypatch):
    monkeypatch.setattr(Answer, "rest", 0.1)
    monkeypatch.setattr("torch.hub.READ_DATA_CHUNK", 20_000)
    monkeypatch.setattr(downloading, "_SILENCE_S", 0.3)
    server(lambda *_: Answer(CONTENT))
    assert download(URL, tmp_path / "weights.pth", "") is None, "which takes longer than a rest"
