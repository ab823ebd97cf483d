"""A run's TensorBoard events: its learning curves, and how far it is."""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from temporal_pose.files.documents import check_regular
from temporal_pose.runs.results import TRAINING_LOSS, damaged

_FILES = "events.out.tfevents.*"
_MOST_EPOCHS = 10**6

_HEAD = struct.Struct("<QI")  # a record's length and that number's checksum
_SIZE = 8  # bytes of the length alone
_TAIL = struct.Struct("<I")  # a record's checksum
_LARGE = 1 << 12  # bytes; pictures, not scalars


@dataclass(frozen=True)
class Curve:
    """A value that was logged once an epoch.

    Args:
        epochs: counted from 1, rising.
    """

    epochs: Int[np.ndarray, " N"]
    values: Float[np.ndarray, " N"]

    def __len__(self) -> int:
        return len(self.epochs)

    def at(self, epochs: Int[np.ndarray, " M"]) -> "Curve":
        """The points of those epochs, as far as there are any."""
        chosen = np.isin(self.epochs, epochs)
        return Curve(self.epochs[chosen], self.values[chosen])


EMPTY = Curve(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class Curves:
    """A run's curves by tag."""

    by_tag: Mapping[str, Curve]

    def __getitem__(self, tag: str) -> Curve:
        """The curve of a tag; one without points where nothing was logged."""
        return self.by_tag.get(tag, EMPTY)

    @property
    def drops(self) -> Int[np.ndarray, " N"]:
        """The first epochs with a lower learning rate."""
        rate = self["learning_rate"]
        return rate.epochs[1:][np.diff(rate.values) < 0]


def read_curves(folder: Path) -> Curves:
    """Reads the scalars of a run; of an epoch that was repeated, the last value counts.

    Raises:
        RunFolderError: the events are damaged, or of epochs that nobody trains.
    """
    points: dict[str, dict[int, float]] = {}
    try:
        for file in sorted(folder.glob(_FILES), key=_age):
            check_regular(file)
            for record in _records(file):
                event = Event.FromString(record)
                for value in event.summary.value:
                    if value.HasField("simple_value"):
                        points.setdefault(value.tag, {})[event.step + 1] = value.simple_value
        return Curves({tag: _curve(found) for tag, found in points.items()})
    except Exception as error:  # damage raises anything from DecodeError to OverflowError
        raise damaged(folder / _FILES, error) from None


def _age(file: Path) -> list[int]:
    """Sorts a file that was begun later behind: its name holds the second, the process, and how
    many that process had begun, as numbers, of which 10 comes after 9.
    """
    return [int(number) for number in re.findall(r"\d+", file.name)]


def _curve(values: Mapping[int, float]) -> Curve:
    epochs = sorted(values)
    if epochs and not (epochs[0] > 0 and epochs[-1] <= _MOST_EPOCHS):
        odd = epochs[0] if epochs[0] <= 0 else epochs[-1]
        raise ValueError(f"it tells of epoch {odd}; expected 1 to {_MOST_EPOCHS}")
    return Curve(np.array(epochs, np.int64), np.array([values[e] for e in epochs], np.float64))


def epochs_done(folder: Path) -> int:
    """How many epochs a run has finished so far, most of its events not even being read; 0 where
    that is not to be seen.
    """
    done = 0
    for file in folder.glob(_FILES):
        try:
            for record in _records(file) if file.is_file() else ():
                event = Event.FromString(record)
                if any(value.tag == TRAINING_LOSS for value in event.summary.value):
                    done = max(done, event.step + 1)
        except Exception:  # the decoder's own errors differ from version to version
            continue
    return done if done <= _MOST_EPOCHS else 0


def _records(file: Path) -> Iterator[bytes]:
    """The small records of a file that may be growing; the last one may be half written.

    Raises:
        ValueError: a checksum that does not fit: the rest cannot be read.
    """
    with file.open("rb") as opened:
        while len(head := opened.read(_HEAD.size)) == _HEAD.size:
            length, told = _HEAD.unpack(head)
            if masked_crc32c(head[:_SIZE]) != told:
                raise ValueError(f"the checksum before byte {opened.tell()} does not fit")
            if length > _LARGE:
                opened.seek(length + _TAIL.size, 1)
                continue
            record, tail = opened.read(length), opened.read(_TAIL.size)
            if len(record) < length or len(tail) < _TAIL.size:
                return
            if masked_crc32c(record) != _TAIL.unpack(tail)[0]:
                raise ValueError(f"the checksum before byte {opened.tell()} does not fit")
            yield record
