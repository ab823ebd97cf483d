"""Refines anyone's keypoints: ``python -m temporal_pose.refine source=FILE_OR_FOLDER out=DIR``.

Each file comes back under its name and in its format, everything else in it as it was, and beside
it a page that shows what changed.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from temporal_pose.app.cli import command, complain, progress
from temporal_pose.app.refinery import Order, Outcome, Recipe, carry_out, workers_for
from temporal_pose.app.settings import check_refining
from temporal_pose.app.trust import trusted
from temporal_pose.files.atomic import make_folder
from temporal_pose.formats.clips import Given
from temporal_pose.pose.rates import frame_rate, image_size
from temporal_pose.pose.skeletons import skeleton
from temporal_pose.refining.sources import Source, find

_LINES = 20  # remarks that are shown in the terminal


@command("refine")
def main(config: DictConfig) -> None:
    """Refines what is not refined yet, tells of each person, and of each file that cannot be."""
    check_refining(config)
    order = _order(config)
    found = find(Path(config.source).expanduser(), config.format)
    order.recipe.refiner()  # before any file is read
    waiting = [one for one in found.sources if not order.note(one).finished(order.force)]
    make_folder(order.out)
    failed = [*found.bad]
    if found.others:
        print(f"note: no keypoint files: {', '.join(found.others)}")
    for outcome in _outcomes(waiting, order, config):
        if outcome.error is not None:
            failed.append(f"{outcome.name}: {outcome.error}")
    if not waiting:
        print(f"{config.out} is finished; force=true makes it again")
    for line in failed:
        complain(line)
    if failed:
        sys.exit(1)


def _order(config: DictConfig) -> Order:
    network: Any = {}
    if config.run is None:
        network = OmegaConf.to_container(config.model.network, resolve=True)
    name = str(config.run or config.model.name)
    return Order(
        Path(config.out).expanduser(),
        Recipe(name, network, config.run, tuple(sorted(trusted()))),
        Given(
            None if config.fps is None else frame_rate(config.fps),
            None if config.skeleton is None else skeleton(config.skeleton),
            None if config.image_size is None else image_size(config.image_size),
        ),
        config.to,
        None if config.person == "all" else (int(config.person),),
        config.page,
        config.force,
    )


def _outcomes(waiting: Sequence[Source], order: Order, config: DictConfig) -> list[Outcome]:
    """What became of every source, shown as a table and sentences."""
    done: list[Outcome] = []
    workers = workers_for(waiting, config.workers)
    with progress() as bar:
        task = bar.add_task("files", total=len(waiting))
        for outcome in carry_out(waiting, order, workers):
            done.append(outcome)
            bar.advance(task)
    done.sort(key=lambda one: one.name)
    if any(one.rows for one in done):
        Console().print(_table(done))
    lines = [f"note: {one.name}: {line}" for one in done for line in one.remarks]
    for line in lines[:_LINES]:
        print(line)
    if len(lines) > _LINES:
        where = "the pages tell" if order.page else "page=true has a page tell"
        print(f"note: {len(lines) - _LINES} more remarks; {where} all of them")
    return done


def _table(done: Sequence[Outcome]) -> Table:
    table = Table(
        Column("file", overflow="fold", min_width=12),
        box=SIMPLE_HEAD,
        caption="jitter: mean second difference, image px/frame²; kept: of the motion below the "
        "cut-off; filled in and set aside: positions",
    )
    for name in ("person", "poses", "jitter", "after", "kept", "filled", "aside"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in done:
        for row in one.rows:
            before, after = ("–" if v != v else f"{v:.2f}" for v in row.jitter)
            kept = "–" if row.kept != row.kept else f"{row.kept:.0%}"
            counts = (f"{row.filled:,}", f"{row.aside:,}")
            person = row.name.replace("person ", "")
            table.add_row(escape(one.name), person, f"{row.poses:,}", before, after, kept, *counts)
    return table


if __name__ == "__main__":
    main()
