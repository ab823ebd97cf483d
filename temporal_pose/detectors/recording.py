"""Going through footage with a detector, from where an interrupted command has stopped."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from temporal_pose.detectors.files import PeopleFiles
from temporal_pose.detectors.output import Output
from temporal_pose.detectors.protocol import Detector, Person
from temporal_pose.detectors.tracking import Tracker
from temporal_pose.footage.frames import Footage, detected

_SECONDS, _FRAMES = 1.0, 32  # that may pass before what was seen is written


class RecordingResult(NamedTuple):
    """What came of it.

    Args:
        frames: all, those stored before included.
        found: frames that show somebody.
        files: the files, and in how many frames each person was seen; none where nobody was.
    """

    frames: int
    found: int
    files: list[tuple[Path, int]]


def record(
    footage: Footage,
    detector: Detector,
    tracker: Tracker,
    output: Output,
    *,
    batch_size: int = 4,
    preview: Any = None,
    advance: Callable[[int], object] = lambda frames: None,
) -> RecordingResult:
    """Looks at all frames that are not stored yet.

    Args:
        preview: a `temporal_pose.footage.preview.Preview`, which is shown every batch, too.
        advance: told how many frames are done.

    Raises:
        DataError: frames that cannot be read, or unfinished work of other settings.
    """
    files = PeopleFiles(output, footage, detector)
    if files.frames:
        tracker.resume(files.places)
        detector.resume(files.memory)
    total = files.frames
    advance(total)
    with _Writing(files) as writing:
        for images, people in detected(footage, detector, tracker, total, batch_size):
            if preview is not None:
                there = [[p and (p.box, p.keypoints) for p in one] for one in people]
                preview.look(total, images, there)
            writing.add(people)
            total += len(images)
            advance(total)
    return RecordingResult(files.frames, files.found, files.close())


class _Writing:
    """Writes what was seen while the next frames are looked at.

    A few frames take as long to write as some tens, so a fast detector's wait for each other: for
    a second, which is then what a process that is killed loses, or until there are many.
    """

    def __init__(self, files: PeopleFiles) -> None:
        self._files, self._thread = files, ThreadPoolExecutor(1)
        self._waiting: list[list[Person | None]] = []
        self._begun = time.monotonic()
        self._written: Future[object] = self._thread.submit(len, ())

    def add(self, people: list[list[Person | None]]) -> None:
        """Takes what was seen in some frames."""
        self._waiting += people
        now = time.monotonic()
        if now - self._begun >= _SECONDS or len(self._waiting) >= _FRAMES:
            self._begun = now
            self._write()

    def _write(self) -> None:
        self._written.result()
        waiting, self._waiting = self._waiting, []
        self._written = self._thread.submit(self._files.append, waiting)

    def __enter__(self) -> "_Writing":
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever ended the looks, what was seen until then is written."""
        with self._thread:
            if self._waiting:
                self._write()
            self._written.result()
