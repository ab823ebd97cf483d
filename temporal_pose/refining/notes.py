"""What a result was made with, noted beside it: so that a command goes on where it was killed."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from temporal_pose.files.atomic import write_json
from temporal_pose.files.documents import UnreadableError, read_json
from temporal_pose.files.made import refuse_other

#: Where the notes lie, in the folder of the results.
FOLDER = ".made"


class Note:
    """The note of one result.

    Args:
        out: the result.
        made_with: plain data that the result depends on.
    """

    def __init__(self, out: Path, made_with: Mapping[str, Any]) -> None:
        self.out, self.made_with = out, json.loads(json.dumps(made_with))
        self.path = out.parent / FOLDER / f"{out.name}.json"

    def finished(self, force: bool) -> bool:
        """Whether the result is there, made of the same by the same.

        Of one that a command which failed has left, it does not matter what it was made of.

        Raises:
            DataError: it is there and is not, and shall not be replaced.
        """
        kept = self._read()
        made = kept.get("made_with")
        if not self.out.exists() or force or (kept.get("finished") is False and made):
            return False
        refuse_other(self.out, made if isinstance(made, dict) else {}, self.made_with)
        return kept.get("finished") is True

    def begin(self) -> None:
        """Before the result is written: what is found after a kill is then known to be ours."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, {"made_with": self.made_with, "finished": False})

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Makes way for a result that is a folder, where one of ours is; it comes back if need be.

        Somebody else's stays, and whoever writes has to refuse it.
        """
        aside = self.out.with_name(f".{self.out.name}.before")
        if self.out.is_dir() and self._read():
            shutil.rmtree(aside, ignore_errors=True)
            self.out.rename(aside)
        try:
            self.begin()
            yield
        except BaseException:
            if aside.is_dir() and not self.out.exists():
                aside.rename(self.out)
            raise
        shutil.rmtree(aside, ignore_errors=True)

    def end(self) -> None:
        """After the result is written."""
        write_json(self.path, {"made_with": self.made_with, "finished": True})

    def _read(self) -> dict[str, Any]:
        try:
            kept = read_json(self.path)
        except (OSError, UnreadableError):
            return {}
        return kept if isinstance(kept, dict) else {}
