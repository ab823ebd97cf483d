"""How far a run is that is still being trained: from its events, most of them not even read."""

import struct
from collections.abc import Iterator
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event

_HEAD = struct.Struct("<QI")  # a record's length and that number's checksum
_TAIL = 4  # a record's checksum
_LARGE = 1 << 12  # bytes; pictures, not scalars


def epochs_done(folder: Path) -> int:
    """How many epochs a run has finished so far; 0 where that is not to be seen."""
    done = 0
    for file in folder.glob("events.out.tfevents.*"):
        for record in _records(file):
            event = Event.FromString(record)
            if any(value.tag == "train/loss" for value in event.summary.value):
                done = max(done, event.step + 1)
    return done


def _records(file: Path) -> Iterator[bytes]:
    """The small records of a file that may be growing; the last one may be half written."""
    with file.open("rb") as opened:
        while len(head := opened.read(_HEAD.size)) == _HEAD.size:
            length, _ = _HEAD.unpack(head)
            if length > _LARGE:
                opened.seek(length + _TAIL, 1)
                continue
            record = opened.read(length)
            if len(record) < length:
                return
            opened.seek(_TAIL, 1)
            yield record
