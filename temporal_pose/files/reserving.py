"""Room on disk that is taken before a file is mapped into memory."""

import os
from pathlib import Path

_BLOCK = 1 << 22


def reserve(path: Path) -> None:
    """Takes the room of a file that is as long as it shall be, holes and all; what is in it stays.

    A write into a mapping that finds no room would end the process; this raises before.

    Raises:
        OSError: there is not as much room.
    """
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
            return
        for start in range(0, size, _BLOCK):
            file.seek(start)
            content = file.read(_BLOCK)
            file.seek(start)
            file.write(content)
