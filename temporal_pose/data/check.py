"""Checks files of the paired layout: ``python -m temporal_pose.data.check PATH...``."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Column, Table

from temporal_pose.data import in_step
from temporal_pose.data.paired import paired_files
from temporal_pose.errors import DataError
from temporal_pose.files.consoles import wide_console
from temporal_pose.files.ending import errors_as_lines
from temporal_pose.files.escaping import one_line
from temporal_pose.formats.paired.inspection import Inspection, inspect
from temporal_pose.formats.paired.paired_video import load


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads every file from end to end, prints what they hold, and a line for each bad one.

    The exit status is 1 where one is bad.
    """
    with errors_as_lines():
        account(parser().parse_args(arguments).paths)


def account(paths: Sequence[str]) -> None:
    """The account of these files and folders; see `main`."""
    console = wide_console()
    good, bad = checked(paths, console)
    for line in kinds(good):
        console.print(line, highlight=False)
    if good:
        console.print(files_table(good))
        console.print(keypoints_table(good))
    for line in bad:
        print(f"error: {one_line(line)}", file=sys.stderr)
    if bad:
        sys.exit(1)
    print(f"{plural(len(good), 'file')}, nothing wrong")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m temporal_pose.data.check",
        description="Reads files of the paired layout from end to end and says what they hold.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, or folder of files")
    return parser


def checked(paths: Iterable[str], console: Console) -> tuple[list[Inspection], list[str]]:
    """The files that are as the layout has them, and what is wrong with the others."""
    good: list[Inspection] = []
    bad: list[str] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        for path in paths:
            try:
                files = paired_files(path)
            except DataError as error:
                bad.append(str(error))
                continue
            for file in files:
                _check(file, bar, good, bad)
    return good, bad


def _check(file: Path, bar: Progress, good: list[Inspection], bad: list[str]) -> None:
    """Adds a file to one of two lists."""
    try:
        video = load(file)
        task = bar.add_task(escape(file.name), total=len(video))
        found = inspect(video, lambda frames: bar.advance(task, frames))
        bar.remove_task(task)
    except DataError as error:
        bad.append(str(error))
        return
    good.append(found)
    bad.extend(f"{file}: {doubt}" for doubt in found.doubts or out_of_step(found))


def out_of_step(found: Inspection) -> list[str]:
    """That detections and truth do not show the same moments, if so."""
    said = in_step.doubt(found)
    return [] if said is None else [said]


def kinds(files: Sequence[Inspection]) -> list[str]:
    """A line for all files of the same skeleton, frame rate, image and detector."""
    frames: dict[str, list[int]] = {}
    for found in files:
        video, image = found.video, " x ".join(map(str, found.video.image_size))
        truth = "" if video.truth is not None else ", no truth"
        kind = f"{video.fps:g} fps, {image}, {video.skeleton.name}, {detector(found)}{truth}"
        frames.setdefault(kind, []).append(len(video))
    return [f"{plural(len(n), 'file')}, {sum(n):,} frames: {kind}" for kind, n in frames.items()]


def files_table(files: Sequence[Inspection]) -> Table:
    """A line a file."""
    table = Table(
        Column("file", overflow="fold"),
        box=SIMPLE_HEAD,
        caption="outside: truth outside the detector's box; px: from detection to truth, on "
        "average; of box: that, by the box's longer side; MB: on disk, of the heatmaps' own size",
        caption_justify="left",
    )
    for name in ("frames", "nobody", "score", "outside", "px", "of box", "MB"):
        table.add_column(name, justify="right", no_wrap=True)
    for found in files:
        scored = found.video.detections is not None or found.video.scores is not None
        table.add_row(
            escape(one_line(found.video.path.name)),
            f"{len(found.video):,}",
            f"{found.nobody:,}",
            number(found.mean("score", "detected"), 2) if scored else "-",
            percent(found.mean("outside", "boxed")),
            number(found.mean("distance", "both")),
            percent(found.mean("share", "both")),
            size(found),
        )
    return table


def detector(found: Inspection) -> str:
    """What a detector gives."""
    if found.video.heatmaps is None:
        return "keypoints"
    shape, dtype = found.video.heatmaps.looks
    return f"heatmaps of {shape[2]} x {shape[3]}, {dtype}"


def size(found: Inspection) -> str:
    """Megabytes on disk, and the share of what the heatmaps take uncompressed."""
    taken = f"{found.stored / 1e6:,.1f}"
    if found.video.heatmaps is None:
        return taken
    shape, dtype = found.video.heatmaps.looks
    return f"{taken} ({found.stored / (np.prod(shape) * dtype.itemsize):.0%})"


def keypoints_table(files: Sequence[Inspection]) -> Table:
    """A line a group of keypoints, over all files."""
    table = Table("keypoint", box=SIMPLE_HEAD)
    for name in ("not detected", "no truth", "px", "of box"):
        table.add_column(name, justify="right")
    names = dict.fromkeys(group for found in files for group in found.video.skeleton.groups)
    for name in names:
        sums = _of_group(files, name)
        table.add_row(
            name.replace("_", " "),
            percent(1 - sums["detected"] / sums["frames"]),
            percent(1 - sums["known"] / sums["frames"]),
            number(_ratio(sums["distance"], sums["both"])),
            percent(_ratio(sums["share"], sums["both"])),
        )
    return table


def _of_group(files: Sequence[Inspection], group: str) -> dict[str, float]:
    """Sums over the keypoints of a group, in the files whose skeleton has it."""
    return {
        name: sum(
            float(found.sums[name][list(found.video.skeleton.groups.get(group, ()))].sum())
            for found in files
        )
        for name in files[0].sums
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def plural(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """A share, or a dash where there is none."""
    return "-" if np.isnan(share) else f"{100 * share:.1f} %"


def number(value: float, digits: int = 1) -> str:
    """A number, or a dash where there is none."""
    return "-" if np.isnan(value) else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
