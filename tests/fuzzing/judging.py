"""What comes of one damaged input."""

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from fuzzing.damage import KINDS, NEWLINE, checksummed, chosen
from fuzzing.digest import digest
from fuzzing.subjects import SilentError, Subject
from temporal_pose.errors import UserError
from temporal_pose.files.ending import system_error_line

#: Outcomes, the good ones first.
GOOD = ("clear error", "identical", "accepted")
BAD = ("trace", "crash", "hang", "memory", "silent")


class Outcome(NamedTuple):
    """What became of an input.

    Args:
        result: one of `GOOD` or `BAD`.
        detail: what was said.
        seconds: of the processor.
    """

    result: str
    detail: str = ""
    seconds: float = 0.0


class Sample(NamedTuple):
    """A sound file, and what is read of it.

    Args:
        said: the digest of the result, or the error of a sample that is no whole one.
        whole: whether it is one.
    """

    path: Path
    said: str
    whole: bool


def sound(subject: Subject, folder: Path) -> Sample:
    """A sample, made and read once."""
    path = folder / subject.name_of_file
    subject.write(path)
    with _copied(path) as copy:
        result, said = _said(subject, copy)
    return Sample(path, said, result == "accepted")


def kinds(subject: Subject) -> list[str]:
    """Ways in which a subject's inputs can be odd."""
    return [*KINDS, *(["odd clips"] if subject.give else [])]


def judge(subject: Subject, sample: Sample, kind: str, rng: random.Random) -> Outcome:
    """Damages a copy of a sample, reads it, and says what came of it."""
    before = time.process_time()
    with _copied(sample.path) as path:
        if kind == "odd clips":
            result, said = _given(subject, rng, path)
            file = path
        else:
            file = chosen(path, rng)
            watched = checksummed(file, kind)
            KINDS[kind](file, rng)
            result, said = _said(subject, path)
            if result == "accepted":
                result = _compared(said, sample.said, watched)
    took = time.process_time() - before
    where = file.relative_to(path) if file != path else ""
    return Outcome(result, f"{where} {said}".strip(), took)


def _compared(said: str, sound: str, watched: bool) -> str:
    if said == sound:
        return "identical"
    return "silent" if watched and "remarks" not in said else "accepted"


def _said(subject: Subject, path: Path) -> tuple[str, str]:
    """Reads; a result comes out as its digest, with a word on whether it has remarks."""
    return _outcome(lambda: subject.read(path))


def _given(subject: Subject, rng: random.Random, path: Path) -> tuple[str, str]:
    out = path.with_name(f"out{path.suffix}")
    return _outcome(lambda: subject.give and subject.give(rng, out))


def _outcome(work: object) -> tuple[str, str]:
    try:
        value = work()  # type: ignore[operator]
    except UserError as error:
        shown = str(error).replace(NEWLINE, "")  # a path is quoted as it is
        return ("clear error", shown) if "\n" not in shown else ("trace", f"two lines: {shown}")
    except SilentError as error:
        return "silent", str(error)
    except OSError as error:  # which every command shows as a line, if it says anything
        line = system_error_line(error)
        return ("trace", repr(error)) if line is None else ("clear error", line)
    except MemoryError:
        return "memory", ""
    except Exception as error:
        last = _place(error)
        return "trace", f"{type(error).__name__} at {last}: {' '.join(str(error).split())[:200]}"
    return "accepted", digest(value) + _remarks(value)


def _remarks(value: object) -> str:
    """A word on a result that says by itself that something is wrong."""
    parts = value if isinstance(value, list) else [value]
    told = [part.get("remarks") for part in parts if isinstance(part, dict)]
    return " remarks" if any(told) else ""


def _place(error: BaseException) -> str:
    """The last line of the package's own that was on the way."""
    step, found = error.__traceback__, "nowhere"
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if "temporal_pose/" in name:
            found = f"{name.rpartition('temporal_pose/')[2]}:{step.tb_lineno}"
        step = step.tb_next
    return found


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    try:
        copy = folder / path.name
        if path.is_dir():
            shutil.copytree(path, copy)
        else:
            shutil.copy(path, copy)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)
