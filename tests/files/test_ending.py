import errno
import importlib
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from temporal_pose.data import check
from temporal_pose.errors import DataError
from temporal_pose.files.ending import (
    UNREAD,
    errors_as_lines,
    quiet_on_broken_pipe,
    system_error_line,
)


@contextmanager
def broken() -> Iterator[None]:
    """Nobody reads what is printed."""
    reader, writer = os.pipe()
    os.close(reader)
    before = sys.stdout
    with os.fdopen(writer, "w") as sys.stdout:
        try:
            yield
            sys.stdout.flush()  # as Python does at its end
        finally:
            sys.stdout = before


@pytest.mark.parametrize("frame", [quiet_on_broken_pipe, errors_as_lines])
@pytest.mark.parametrize("lines", [1, 9999])
@pytest.mark.parametrize("status", [None, 2])
def test_nobody_reading_is_no_error(capfd, frame, lines, status):
    def work() -> None:
        log, handler = logging.getLogger("aloud"), logging.StreamHandler(sys.stdout)
        log.addHandler(handler)
        log.warning("x")
        log.removeHandler(handler)
        print("line\n" * lines)
        if status:
            sys.exit(status)

    with broken():
        with pytest.raises(SystemExit) as end, frame():
            work()
        assert end.value.code == UNREAD == 141
    assert capfd.readouterr().err == ""
    assert logging.raiseExceptions


def test_another_broken_pipe_is_an_error(capsys):
    for frame in (quiet_on_broken_pipe, errors_as_lines):
        with pytest.raises(BrokenPipeError), frame():
            raise BrokenPipeError(errno.EPIPE, "of a worker")
    assert capsys.readouterr().err == ""


def test_what_a_user_can_mend_is_a_line(capsys):
    disk = OSError(errno.ENOSPC, "No space left on device", "a.zarr")
    lines = {
        DataError("a.npz: is\n damaged"): "a.npz: is damaged",
        disk: "No space left on device (a.zarr); make room there, or choose another path",
    }
    for error, line in lines.items():
        with pytest.raises(SystemExit) as end, errors_as_lines():
            raise error
        assert end.value.code == 2
        assert capsys.readouterr().err == f"error: {line}\n"
    with pytest.raises(ZeroDivisionError), errors_as_lines():
        raise ZeroDivisionError
    with pytest.raises(SystemExit, match="interrupted"), errors_as_lines():
        raise KeyboardInterrupt


def test_errors_of_the_system():
    allowed = OSError(errno.EACCES, "Permission denied", "/x")
    told = "Permission denied (/x); allow this user to write there, or y"
    assert system_error_line(allowed, "y") == told
    assert system_error_line(OSError(errno.EISDIR, "Is a directory")) == (
        "Is a directory; choose another path"
    )
    assert system_error_line(OSError("odd")) is None


def test_the_account_of_files_ends_quietly(tmp_path, capfd):
    with broken(), pytest.raises(SystemExit) as end:
        check.main([str(tmp_path), str(tmp_path / "none")])
    assert end.value.code in (1, UNREAD)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_manual_that_nobody_reads(monkeypatch, capfd, command):
    warnings.filterwarnings("ignore", ".*deprecated by PEP 585.*")  # of omegaconf's own types
    module = importlib.import_module(f"temporal_pose.{command}")
    monkeypatch.setattr(sys, "argv", [command, "--help"])
    with broken(), pytest.raises(SystemExit) as end:
        module.main()
    assert end.value.code in (1, UNREAD)
    assert capfd.readouterr().err == ""


def test_the_list_of_commands_that_nobody_reads(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "temporal_pose"]
    done = subprocess.run(
        command, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (UNREAD, "")


def test_an_error_is_one_line_whatever_its_values_hold() -> None:
    assert str(DataError("a.json: '\n' and\r\n'b\u2028c'")) == "a.json: ' ' and 'b c'"


def test_a_refined_file_that_nobody_reads_of(tmp_path, monkeypatch, capfd) -> None:
    """Hydra would say that the error came through it."""
    warnings.filterwarnings("ignore", ".*deprecated by PEP 585.*")  # of omegaconf's own types
    module = importlib.import_module("temporal_pose.refine")
    (tmp_path / "a.csv").write_text("frame,a_x,a_y\n0,10,20\n1,11,21\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["refine", "source=a.csv", "out=out", "fps=30"])
    with broken(), pytest.raises(SystemExit) as end:
        module.main()
    assert end.value.code in (1, UNREAD)
    assert capfd.readouterr().err == ""
