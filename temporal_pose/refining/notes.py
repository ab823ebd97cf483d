"""What a result was made with, noted beside it: so that a command goes on where it was killed."""

import json
from collections.abc import Mapping
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

        Raises:
            DataError: it is there and is not, and shall not be replaced.
        """
        kept = self._read()
        if not self.out.exists() or force:
            return False
        made = kept.get("made_with")
        refuse_other(self.out, made if isinstance(made, dict) else {}, self.made_with)
        return kept.get("finished") is True

    def begin(self) -> None:
        """Before the result is written: what is found after a kill is then known to be ours."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, {"made_with": self.made_with, "finished": False})

    def end(self) -> None:
        """After the result is written."""
        write_json(self.path, {"made_with": self.made_with, "finished": True})

    def _read(self) -> dict[str, Any]:
        try:
            kept = read_json(self.path)
        except (OSError, UnreadableError):
            return {}
        return kept if isinstance(kept, dict) else {}
