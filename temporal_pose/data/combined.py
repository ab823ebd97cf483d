"""Several data sets as one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.sequences import PoseSequence, Reader, fingerprint


class Combined:
    """Reads several data sets, one after the other, as one.

    Names and groups get the set's name in front, ``penn_action/0001``, so that they stay unique.

    Args:
        readers: the sets by name.

    Raises:
        ConfigError: no sets, or a name that is empty or holds a slash.
    """

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        if not readers:
            raise ConfigError("readers is empty; expected at least one set")
        for name in readers:
            if not name or "/" in name:
                raise ConfigError(f"readers has '{name}'; expected a name without a slash")
        self.readers = dict(readers)

    def read(self) -> list[PoseSequence]:
        """The sequences of all sets, in the order of the sets.

        Raises:
            DataError: what the sets raise, two sequences of one set that have the same name, or
                two that hold the same poses and so could stand on both sides of a split.
        """
        read = [
            replace(sequence, name=f"{name}/{sequence.name}", group=f"{name}/{sequence.group}")
            for name, reader in self.readers.items()
            for sequence in reader.read()
        ]
        _check_unique(read)
        return read


def _check_unique(sequences: Iterable[PoseSequence]) -> None:
    names: set[str] = set()
    poses: dict[str, str] = {}
    for sequence in sequences:
        if sequence.name in names:
            raise DataError(f"two sequences are called '{sequence.name}'; rename one")
        names.add(sequence.name)
        same = poses.setdefault(fingerprint(sequence), sequence.name)
        if same != sequence.name and sequence.visible.any():
            raise DataError(
                f"'{same}' and '{sequence.name}' hold the same poses; read them only once"
            )
