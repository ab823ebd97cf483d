"""Refines anyone's keypoints: ``python -m temporal_pose.refine source=FILE_OR_FOLDER out=DIR``.

Each file comes back under its name and in its format, everything else in it as it was, and beside
it a page that shows what changed.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from temporal_pose.app.cli import command, complain, progress
from temporal_pose.app.composing import typed
from temporal_pose.app.filming import VIDEOS, Film, check_installed, detected
from temporal_pose.app.refinery import Order, Outcome, Recipe, carry_out, workers_for
from temporal_pose.app.settings import check_refining
from temporal_pose.app.trust import trusted
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.atomic import make_folder
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import recognised
from temporal_pose.pose.rates import frame_rate, image_size
from temporal_pose.pose.skeletons import skeleton
from temporal_pose.refining.saved import of_network
from temporal_pose.refining.sources import FoundFiles, Source, find

_LINES = 20  # remarks that are shown in the terminal


@command("refine")
def main(config: DictConfig) -> None:
    """Refines what is not refined yet, tells of each person, and of each file that cannot be."""
    check_refining(config)
    order = _order(config)
    order.recipe.refiner()  # before any file is read
    found = _found(config, order)
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


def _found(config: DictConfig, order: Order) -> FoundFiles:
    """The keypoint files, those that a detector makes of a video included."""
    source = Path(config.source).expanduser()
    if source.suffix.lower() not in VIDEOS or not source.is_file():
        found = find(source, config.format)
        if order.film is not None and len(found.sources) > 1:
            raise ConfigError(
                f"video= goes with one keypoint file; {source} holds {len(found.sources)}"
            )
        return found
    people = "all" if config.person == "all" else "1"
    folder = order.out / "detections"
    hydra = HydraConfig.get()
    own = [one for one in typed(hydra.overrides.task) if one.startswith("detector.")]
    chosen = [f"detector={hydra.runtime.choices['detector']}", *own]
    files = detected(source, folder, chosen, people, order.force)
    return FoundFiles([Source(file, recognised(file)) for file in files], [], [])


def _network(config: DictConfig) -> Any:
    """How a filter is made; a network's settings are its run's, and are not all here.

    Raises:
        ConfigError: the model is no filter.
    """
    try:
        return OmegaConf.to_container(config.model.network, resolve=True)
    except InterpolationKeyError:
        of_network(None, config.model.name)


def _film(config: DictConfig) -> Film | None:
    """The video beside the keypoints, or that is the source itself."""
    source = Path(config.source).expanduser()
    itself = source.suffix.lower() in VIDEOS and source.is_file()
    path = source if itself and config.video is None else config.video
    if path is None:
        return None
    fps = None if config.fps is None else frame_rate(config.fps)
    shown = Path(path).expanduser()
    if not shown.exists():
        raise DataError(f"video '{shown}' does not exist; expected the keypoints' video")
    check_installed()
    return Film(shown, config.layout, config.video_start, tuple(config.stills), fps)


def _order(config: DictConfig) -> Order:
    network: Any = {}
    if config.run is None:
        network = _network(config)
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
        _film(config),
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
