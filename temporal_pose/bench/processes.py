"""Work that is measured in a process of its own: what else is in memory would slow it down."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from temporal_pose.errors import DataError


def result_of(module: str, root: Path, *numbers: int) -> Any:
    """What a module prints, as JSON, when it is run on a data set.

    Args:
        numbers: further arguments.

    Raises:
        DataError: it came to grief.
    """
    command = [sys.executable, "-m", module, str(root), *map(str, numbers)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise DataError(f"{root}: {(run.stderr.strip().splitlines() or ['no message'])[-1]}")
    return json.loads(run.stdout)
