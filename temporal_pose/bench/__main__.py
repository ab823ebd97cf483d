"""Measures speed: ``python -m temporal_pose.bench [names] [--penn-root DIR] [--video FILE]``."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from rich.console import Console

from temporal_pose.bench.benchmarks import BENCHMARKS, rows
from temporal_pose.bench.blazepose import mediapipe
from temporal_pose.bench.measure import Row
from temporal_pose.bench.penn_action import penn_action
from temporal_pose.bench.table import heading, line, write
from temporal_pose.files.ending import errors_as_lines

NAMES = (*BENCHMARKS, "penn_action", "mediapipe")

_NEEDS = {
    "penn_action": "--penn-root DIR, the folder that holds labels/",
    "mediapipe": "--video FILE, a video of a person",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmarks of these names, or all; a missed target is no error."""
    command = parser()
    options = command.parse_args(arguments)
    for name in options.names:
        if name not in NAMES:
            command.error(f"benchmark '{name}' is unknown; expected {', '.join(NAMES)}")
    torch.set_num_threads(options.threads)
    console = Console()
    measured: list[Row] = []
    say(console, heading())
    for name in options.names or NAMES:
        console.print(f"[dim]{name} ...")
        for row in run(name, options, console):
            measured.append(row)
            say(console, line(row))
    if options.out:
        write(measured, options.out)


def run(name: str, options: argparse.Namespace, console: Console) -> Iterable[Row]:
    """The rows of one benchmark; none, and a line that says so, where its data are not there."""
    if name in BENCHMARKS:
        return rows(name, torch.get_num_threads())
    if name == "penn_action" and options.penn_root is not None:
        return penn_action(options.penn_root)
    if name == "mediapipe" and options.video is not None:
        return mediapipe(options.video)
    console.print(f"{name} skipped: add {_NEEDS[name]}")
    return []


def say(console: Console, text: str) -> None:
    """Shows a line as soon as it is known, whole, however narrow the terminal."""
    console.print(text, highlight=False, soft_wrap=True)
    console.file.flush()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m temporal_pose.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--penn-root", type=Path, help="folder of Penn Action")
    parser.add_argument("--video", type=Path, help="a video of a person")
    parser.add_argument("--out", type=Path, help="also write the measurements here, as JSON")
    parser.add_argument(
        "--threads", type=int, default=1, help="of torch; several are noisy on a busy machine"
    )
    return parser


if __name__ == "__main__":
    with errors_as_lines():
        main()
