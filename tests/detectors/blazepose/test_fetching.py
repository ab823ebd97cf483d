"""pip is asked once, and not waited for without end."""

import sys
import time

import pytest

from temporal_pose.detectors.blazepose import fetching
from temporal_pose.detectors.blazepose.fetching import downloaded

#: What pip says where there is no network, or a proxy that drops everything.
RETRIES = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by {}: /simple/mediapipe/\n"
    "ERROR: Could not find a version that satisfies the requirement (from versions: none)\n"
    "ERROR: No matching distribution found for mediapipe==0.10.14"
)
NO_NAME = "'NewConnectionError('<HTTPSConnection at 0x7f>: Failed: [Errno -3] No such name')'"
SILENT = "'ConnectTimeoutError(<HTTPSConnection>, 'Connection timed out. (connect timeout=10)')'"


def pip(monkeypatch, script: str) -> None:
    """A script in place of pip; it is given pip's arguments."""
    monkeypatch.setattr(fetching, "_PIP", (sys.executable, "-S", "-c", script))


def test_a_wheel_is_put_into_the_folder(monkeypatch, tmp_path):
    pip(
        monkeypatch,
        "import sys, pathlib\n"
        "(folder,) = [a[7:] for a in sys.argv if a.startswith('--dest=')]\n"
        "pathlib.Path(folder, 'a.whl').write_text(' '.join(sys.argv))",
    )
    assert downloaded("mediapipe==0.10.14", tmp_path) is None
    said = (tmp_path / "a.whl").read_text()
    assert said.endswith(" mediapipe==0.10.14")
    for word in ("--no-deps", "--timeout=10", "--retries=1"):
        assert f" {word} " in said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (RETRIES.format(NO_NAME), "no connection to the package registry: No such name"),
        (RETRIES.format(SILENT), "no connection to the package registry: timed out"),
        (RETRIES.format("'ProxyError(403)'"), "no connection to the package registry"),
        ("x\nERROR: No matching distribution found", "ERROR: No matching distribution found"),
        ("", "pip says nothing"),
    ],
)
def test_what_pip_complains_of(monkeypatch, tmp_path, said, told):
    pip(monkeypatch, f"import sys; print({said!r}); sys.exit(1)")
    assert downloaded("a==1", tmp_path) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Looking in indexes", "the package registry has not answered within 0 s"),
        ("  Downloading a.whl (36 MB)", "it has not come within 0.5 s"),
    ],
)
def test_a_silent_registry_is_not_waited_for_without_end(monkeypatch, tmp_path, said, told):
    pip(monkeypatch, f"import time; print({said!r}, flush=True); time.sleep(30)")
    monkeypatch.setattr(fetching, "_ANSWER_S", 20 if "Down" in said else 0)
    monkeypatch.setattr(fetching, "_PATIENCE_S", 0.5)
    begun = time.monotonic()
    assert downloaded("a==1", tmp_path) == told
    assert time.monotonic() - begun < 10


def test_without_pip(monkeypatch, tmp_path):
    monkeypatch.setattr(fetching, "_PIP", (str(tmp_path / "none"),))
    assert "No such file" in str(downloaded("a==1", tmp_path))
