"""What a detector saw, in files of the paired layout: one for each person who is followed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from temporal_pose.detectors.output import Output, unfinished
from temporal_pose.detectors.protocol import Detector, Person
from temporal_pose.footage.frames import Footage
from temporal_pose.formats.paired import LayoutWriter
from temporal_pose.pose.skeletons import skeleton

_PLACE = 4  # numbers of the tracked box, before the detector's own memory
_AT_ONCE = 64  # frames without a person that are written at once


class PeopleFiles:
    """The files of the followed people, as they grow; they go on with what is there.

    Args:
        output: what they shall be like.
        footage: that is looked at.
        detector: that looks.

    Raises:
        ConfigError: a dtype that there is not.
        DataError: unfinished work of other settings.
    """

    def __init__(self, output: Output, footage: Footage, detector: Detector) -> None:
        self.output, self.footage, self.detector = output, footage, detector
        self.heatmap_size = detector.heatmap_size if output.heatmaps else None
        self.keypoints = len(skeleton(detector.skeleton))
        self.writers: list[LayoutWriter] = []
        for _ in range(max(1, output.begun())):
            self._add()
        self.frames = min(writer.frames for writer in self.writers)
        self.ahead = [writer.frames - self.frames for writer in self.writers]
        self._stored = self._read()
        there = np.isfinite(self.places).all(-1)
        self.seen: list[int] = there.sum(0).tolist()
        self.found = int(there.any(-1).sum())

    @property
    def places(self) -> Float[np.ndarray, "F P 4"]:
        """Boxes by which people were followed, in the frames that were stored before."""
        return self._stored[..., :_PLACE]

    @property
    def memory(self) -> list[Float[np.ndarray, " M"] | None]:
        """What the detector knew of each person after the last of those frames."""
        last = self._stored[-1] if len(self._stored) else ()
        return [None if np.isnan(row[:_PLACE]).any() else row[_PLACE:] for row in last]

    def append(self, people: Sequence[Sequence[Person | None]]) -> None:
        """Adds frames.

        Args:
            people: of each frame, in the order in which they are followed.
        """
        for who in range(len(self.writers), max(map(len, people))):
            self._add()
            self.seen.append(0)
            self.ahead.append(0)
            for first in range(0, self.frames, _AT_ONCE):
                self._write(who, [None] * min(_AT_ONCE, self.frames - first), first)
        for who in range(len(self.writers)):
            rows = [frame[who] if who < len(frame) else None for frame in people]
            self.seen[who] += sum(row is not None for row in rows)
            skipped = min(self.ahead[who], len(rows))
            self.ahead[who] -= skipped
            self._write(who, rows[skipped:], self.frames + skipped)
        self.found += sum(any(one is not None for one in frame) for frame in people)
        self.frames += len(people)

    def close(self) -> list[tuple[Path, int]]:
        """Finishes the files of people who were seen often enough, the first one last.

        Returns:
            Them, and in how many frames the person was seen; none, and no file, where nobody was.
        """
        least = min(self.output.least, self.frames) if self.output.several else 1
        kept = [who for who, frames in enumerate(self.seen) if frames >= least]
        for who, writer in enumerate(self.writers):
            if who not in kept:
                shutil.rmtree(unfinished(writer.path))
        done = []
        for number, who in reversed(list(enumerate(kept, 1))):
            self.writers[who].path = self.output.path(number)
            self.writers[who].close()
            done.append((self.output.path(number), self.seen[who]))
        return done[::-1]

    def _add(self) -> None:
        """A file for one more person."""
        footage, output = self.footage, self.output
        writer = LayoutWriter(
            output.path(len(self.writers) + 1),
            skeleton=self.detector.skeleton,
            fps=footage.fps,
            image_size=footage.size,
            heatmap_size=self.heatmap_size,
            dtype=output.dtype,
            settings=output.settings,
            resume=True,
            overwrite=output.replace,
        )
        self.writers.append(writer)

    def _read(self) -> Float[np.ndarray, "F P M"]:
        """Tracked boxes and memories of what is stored."""
        size = _PLACE + self.detector.memory_size
        if not self.frames:
            return np.empty((0, len(self.writers), size), np.float32)
        rows = [writer.stored("memory")[: self.frames] for writer in self.writers]
        return np.stack(rows, 1).astype(np.float32)

    def _write(self, who: int, rows: Sequence[Person | None], first: int) -> None:
        """Adds frames of one person.

        Args:
            first: number of the first of them.
        """
        if not rows:
            return
        arrays = self._empty(len(rows))
        for at, person in enumerate(rows):
            if person is None:
                continue
            place = person.box if person.place is None else person.place
            memory = () if person.memory is None else person.memory
            arrays["memory"][at] = np.concatenate([place, memory])
            arrays["boxes"][at] = person.box
            if self.heatmap_size is None:
                arrays["detections"][at] = np.c_[person.keypoints, person.scores]
            else:
                arrays["heatmaps"][at], arrays["scores"][at] = person.heatmaps, person.scores
        if self.footage.times is not None:
            arrays["times"] = self.footage.times[first : first + len(rows)]
        self.writers[who].append(**arrays)

    def _empty(self, frames: int) -> dict[str, np.ndarray]:
        """Frames without the person."""
        memory = _PLACE + self.detector.memory_size
        sizes: dict[str, tuple[int, ...]] = {"memory": (memory,), "boxes": (4,)}
        if self.heatmap_size is None:
            sizes["detections"] = (self.keypoints, 3)
        arrays = {k: np.full((frames, *size), np.nan, np.float32) for k, size in sizes.items()}
        if self.heatmap_size is not None:
            arrays["scores"] = np.zeros((frames, self.keypoints), np.float32)
            shape = (frames, self.keypoints, *self.heatmap_size)
            arrays["heatmaps"] = np.zeros(shape, np.float32)
        return arrays
