"""What tables are shown on: a terminal, or a file that is as wide as they need."""

import os

from rich.console import Console


def wide_console(columns: int = 110) -> Console:
    """A console as wide as the terminal; where there is none, and COLUMNS says nothing, so wide.

    Args:
        columns: of a file or a pipe, which rich takes for 80 columns.
    """
    console = Console()
    known = console.is_terminal or "COLUMNS" in os.environ
    return console if known else Console(width=columns)
