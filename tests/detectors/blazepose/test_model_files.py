"""Where BlazePose's model files come from, and what is said when they do not come."""

import hashlib
import zipfile
from pathlib import Path

import pytest
import torch

from temporal_pose.detectors.blazepose import model_files
from temporal_pose.detectors.blazepose.model_files import FINDER, LANDMARKS, models
from temporal_pose.errors import CheckpointError

CONTENT = {FINDER: b"finder", LANDMARKS: b"landmarks"}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """An empty cache, no MediaPipe, and small files with known checksums."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(model_files, "_installed", lambda: None)
    sums = {name: hashlib.sha256(file).hexdigest() for name, file in CONTENT.items()}
    monkeypatch.setattr(model_files, "_SUMS", sums)


def wheel(path: Path, content=CONTENT) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, inside in model_files._INSIDE.items():
            if name in content:
                file.writestr(inside, content[name])
    return path


def pip(monkeypatch, make):
    """In place of pip: makes what it would download, and says why not; what it was asked for."""
    calls = []

    def downloaded(asked, folder):
        calls.append(asked)
        return make(folder)

    monkeypatch.setattr(model_files, "downloaded", downloaded)
    return calls


def test_they_are_fetched_once(monkeypatch, capsys):
    calls = pip(monkeypatch, lambda folder: wheel(folder / "mediapipe.whl") and None)
    assert models(None) == CONTENT
    assert capsys.readouterr().out.startswith("BlazePose's models: fetching mediapipe==0.10.14")
    assert calls == ["mediapipe==0.10.14"]
    assert models(None) == CONTENT
    assert len(calls) == 1
    (model_files._cache() / FINDER).write_bytes(b"damaged")
    assert models(None) == CONTENT
    assert len(calls) == 2


def test_those_of_an_installed_mediapipe_come_first(monkeypatch, tmp_path):
    for name, inside in model_files._INSIDE.items():
        (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / inside).write_bytes(CONTENT[name])
    monkeypatch.setattr(model_files, "_installed", lambda: tmp_path)
    calls = pip(monkeypatch, lambda folder: "never")
    assert models(None) == CONTENT
    assert calls == []


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: "no connection", "no connection)"),
        (lambda folder: None, "pip fetched nothing"),
        (
            lambda folder: wheel(folder / "a.whl", {FINDER: b"1", LANDMARKS: b"2"}) and None,
            "what came has other checksums than expected",
        ),
    ],
)
def test_no_network(monkeypatch, make, reason):
    pip(monkeypatch, make)
    with pytest.raises(CheckpointError) as refusal:
        models(None)
    said = str(refusal.value)
    assert said.startswith(f"BlazePose's models cannot be fetched ({reason}")
    assert said.endswith(
        "); where there is a network, type pip download --no-deps mediapipe==0.10.14, and set "
        "detector.weights to the wheel that comes"
    )
    assert not model_files._cache().exists()


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch):
    pip(monkeypatch, lambda folder: wheel(folder / "mediapipe.whl") and None)
    model_files._cache().parent.mkdir(parents=True)
    model_files._cache().write_text("a file where a folder belongs")
    assert models(None) == CONTENT


def test_files_of_ones_own(tmp_path):
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    assert models(str(tmp_path)) == CONTENT
    heavy = tmp_path / "pose_landmark_heavy.tflite"
    heavy.write_bytes(b"heavy")
    assert models(str(heavy)) == {FINDER: b"finder", LANDMARKS: b"heavy"}
    assert models(str(wheel(tmp_path / "mediapipe.whl"))) == CONTENT
    (tmp_path / FINDER).unlink()
    with pytest.raises(CheckpointError) as refusal:
        models(str(tmp_path))
    assert str(refusal.value) == (
        f"detector.weights '{tmp_path}' holds no {FINDER}; expected {FINDER} and {LANDMARKS}"
    )
    with pytest.raises(CheckpointError) as refusal:
        models(str(heavy))
    assert str(refusal.value) == (
        f"detector.weights '{heavy}' has no {FINDER} beside it; expected both in one folder, or a "
        "wheel of mediapipe==0.10.14"
    )


def test_what_is_not_there(tmp_path):
    with pytest.raises(CheckpointError) as refusal:
        models(str(tmp_path / "none"))
    assert str(refusal.value) == (
        f"detector.weights '{tmp_path / 'none'}' does not exist; expected a folder with {FINDER} "
        f"and {LANDMARKS}, a wheel of mediapipe==0.10.14, or null"
    )


@pytest.mark.parametrize("content", [b"", b"hello", None])
def test_wheels_that_hold_no_models(tmp_path, content):
    path = tmp_path / "other.whl"
    path.write_bytes(content) if content is not None else wheel(path, {})
    with pytest.raises(CheckpointError, match=r"other\.whl: is no wheel that holds BlazePose"):
        models(str(path))


@pytest.mark.parametrize("known", [{}, {"XDG_CACHE_HOME": "caches"}, {"TORCH_HOME": "~/mine"}])
def test_the_cache_is_where_torch_has_its_own(monkeypatch, known):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    assert model_files._cache() == Path(torch.hub.get_dir()) / "blazepose"
