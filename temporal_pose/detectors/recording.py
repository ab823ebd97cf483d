"""Going through footage with a detector, from where an interrupted command has stopped."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from temporal_pose.detectors.files import PeopleFiles
from temporal_pose.detectors.output import Output
from temporal_pose.detectors.protocol import Detector
from temporal_pose.detectors.tracking import Tracker
from temporal_pose.footage.frames import Footage, looks


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
    with ThreadPoolExecutor(1) as thread:  # writes what was seen while the next frames are
        written: Future[object] = thread.submit(len, ())
        for images, people in looks(footage, detector, tracker, total, batch_size):
            if preview is not None:
                there = [[(p.box, p.keypoints) for p in one if p is not None] for one in people]
                preview.look(total, images, there)
            written.result()
            written = thread.submit(files.append, people)
            total += len(images)
            advance(total)
        written.result()
    return RecordingResult(files.frames, files.found, files.close())
