"""Compares all filters: ``python -m temporal_pose.bench.accuracy DIR [--step 2] [--out DIR]``."""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from temporal_pose.bench.accuracy.bands import by_band
from temporal_pose.bench.accuracy.comparing import USUAL, Compared, FilterComparison
from temporal_pose.bench.accuracy.networks import finished, judged
from temporal_pose.bench.accuracy.videos import JudgedVideo, aist, read
from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import make_folder, write_text
from temporal_pose.files.ending import errors_as_lines
from temporal_pose.files.options import whole_filters

_TITLES = (
    *("filter", "settings", "error", "of raw's", f"of {USUAL}'s", "jitter", "of raw's"),
    *("worse files", "worse cells"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table as it is measured, and writes it where that is asked for."""
    options = parser().parse_args(arguments)
    if options.step < 1:
        raise ConfigError(f"--step is {options.step}; expected 1 or more")
    torch.set_num_threads(1)
    found = read(options.root, options.group, options.step)
    (fps,) = {f"{video.seen.fps:g}" for video in found.videos}
    about = [f"{len(found.videos)} files at {fps} frames a second"]
    if found.left_out:
        about.append(f"left out, being out of step with their truth: {', '.join(found.left_out)}")
    print("; ".join(about), file=sys.stderr)
    rows: list[Compared] = []
    print(_line(_TITLES), _line(["---"] * len(_TITLES)), sep="\n")
    for one in _compared(found.videos, options, about):
        rows.append(one)
        print(_line(_cells(one)), flush=True)
    bands = _bands(found.videos, rows)
    print("", *map(_line, bands), sep="\n")
    if options.out is not None:
        make_folder(options.out)
        _write(options.out, f"{fps}fps", "; ".join(about), rows, bands)


def _compared(
    videos: Sequence[JudgedVideo], options: argparse.Namespace, about: list[str]
) -> Iterator[Compared]:
    comparison = FilterComparison(videos)
    yield comparison.detections()
    for name in options.filters:
        yield from comparison.of_filter(name)
    for root in options.runs:
        runs = finished(root)
        about.append(f"{root.name}: {len(runs)} runs, each on what it was not taught with")
        yield comparison.row(root.name, "trained", judged(videos, runs))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m temporal_pose.bench.accuracy", description=__doc__
    )
    parser.add_argument("root", type=Path, help="folder of files of the paired layout, AIST's say")
    parser.add_argument("--step", type=int, default=1, help="every how many-th frame counts")
    parser.add_argument("--group", default=aist(), help="pattern of what files share a motion by")
    parser.add_argument("--filters", nargs="+", default=whole_filters(), help="by name; else all")
    parser.add_argument(
        "--runs", nargs="*", type=Path, default=[], help="folders of networks' runs"
    )
    parser.add_argument("--out", type=Path, help="folder for the table, as Markdown and CSV")
    return parser


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(one: Compared) -> list[str]:
    error, usual, jitter = (
        f"{100 * change:+.1f} % ({100 * low:+.1f} to {100 * high:+.1f})"
        for change, low, high in (one.less_error, one.than_usual, one.less_jitter)
    )
    numbers = [f"{one.error:.2f}", error, usual, f"{one.jitter:.2f}", jitter]
    return [one.name, one.settings, *numbers, str(one.files), f"{one.cells:.1%}"]


def _bands(videos: Sequence[JudgedVideo], rows: Sequence[Compared]) -> list[list[str]]:
    """A second table: the error of each row in bands that are those of the detections."""
    table: list[list[str]] = []
    for row in rows:
        found = by_band(videos, row.measured)
        kinds = {
            f"{kind} {name}": band for kind, own in found.items() for name, band in own.items()
        }
        if not table:
            titles = [f"{name} ({band.share:.0%})" for name, band in kinds.items()]
            table += [["filter", "settings", *titles], ["---"] * (2 + len(titles))]
        errors = [f"{band.refined:.2f}" for band in kinds.values()]
        table.append([row.name, row.settings, *errors])
    return table


def _write(
    out: Path, name: str, about: str, rows: Sequence[Compared], bands: Sequence[Sequence[str]]
) -> None:
    table = [_line(_TITLES), _line(["---"] * len(_TITLES)), *(_line(_cells(row)) for row in rows)]
    lines = [about, "", *table, "", "Error by bands, px:", "", *map(_line, bands), ""]
    write_text(out / f"{name}.md", "\n".join(lines))
    with (out / f"{name}.csv").open("w", newline="", encoding="utf-8") as opened:
        sheet = csv.writer(opened)
        parts = ("error", f"than_{USUAL}", "jitter")
        ends = [f"{of}_{end}" for of in parts for end in ("change", "low", "high")]
        sheet.writerow(["filter", "settings", "error", "jitter", *ends, "files", "cells"])
        for row in rows:
            values = [row.error, row.jitter, *row.less_error, *row.than_usual]
            values += row.less_jitter
            told = [f"{value:.5f}" for value in values]
            sheet.writerow([row.name, row.settings, *told, row.files, f"{row.cells:.5f}"])


if __name__ == "__main__":
    with errors_as_lines():
        main()
