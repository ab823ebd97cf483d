"""A ``.zarr`` folder as zarr reads it, but for what would be waited for without end."""

from contextlib import suppress
from pathlib import Path

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import LocalStore

from temporal_pose.files.documents import check_regular


class RegularStore(LocalStore):
    """A folder of files: a pipe or a device among them is an error."""

    async def get(
        self,
        key: str,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """What is stored under a key; None where there is nothing.

        Raises:
            UnreadableError: it is no regular file.
        """
        with suppress(OSError):  # of what is not there, which zarr asks for as well
            check_regular(Path(self.root) / key)
        return await super().get(key, prototype, byte_range)
