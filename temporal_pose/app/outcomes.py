"""What became of the files that `refine` was given, in the terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Column, Table

from temporal_pose.app.cli import progress
from temporal_pose.app.recipes import Order
from temporal_pose.app.refinery import Outcome, carry_out, workers_for
from temporal_pose.files.consoles import wide_console
from temporal_pose.files.escaping import one_line
from temporal_pose.refining.sources import Source

_LINES = 20  # remarks that are shown in the terminal


def refined(waiting: Sequence[Source], order: Order, wanted: int | None) -> list[Outcome]:
    """What became of every source, shown as a table and sentences.

    Args:
        wanted: processes that share the work; None for as many as pay.
    """
    done: list[Outcome] = []
    workers = workers_for(waiting, wanted)
    with progress() as bar:
        task = bar.add_task("files", total=len(waiting))
        for outcome in carry_out(waiting, order, workers):
            done.append(outcome)
            bar.advance(task)
    done.sort(key=lambda one: one.name)
    if any(one.rows for one in done):
        wide_console().print(_table(done))
    lines = [f"note: {one.name}: {line}" for one in done for line in one.remarks]
    for line in lines[:_LINES]:
        print(one_line(line))
    if len(lines) > _LINES:
        where = "the pages tell" if order.page else "page=true has a page tell"
        print(f"note: {len(lines) - _LINES} more remarks; {where} all of them")
    return done


def whereabouts(done: Sequence[Outcome], order: Order, drawn: bool) -> list[str]:
    """Lines that say where results are, and what stands beside them.

    Args:
        drawn: whether a video of several files was drawn.
    """
    made = [one.out for one in done if one.out is not None]
    shared = order.shared_video if drawn else None
    if not made:
        lines = []
    elif len(made) > 1:
        pages = ", each with its page NAME.html" if order.page else ""
        lines = [f"{len(made):,} results in {order.out}{pages}"]
    else:
        lines = [f"result: {made[0]}"]
        lines += [f"page: {made[0]}.html"] if order.page else []
        own = order.film is not None and not order.film.shared
        lines += [f"video: {made[0]}.overlay.mp4"] if own else []
    return [*lines, *([] if shared is None else [f"video: {shared}"])]


def _table(done: Sequence[Outcome]) -> Table:
    table = Table(
        Column("file", overflow="fold", min_width=12),
        box=SIMPLE_HEAD,
        caption="jitter: mean second difference, image px/frame²; kept: of the motion below the "
        "cut-off; filled in and set aside: positions",
    )
    table.add_column("person", justify="right", overflow="fold", min_width=8)
    for name in ("poses", "jitter", "after", "kept", "filled", "aside"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in done:
        for place, row in enumerate(one.rows):
            before, after = ("–" if v != v else f"{v:.2f}" for v in row.jitter)
            kept = "–" if row.kept != row.kept else f"{row.kept:.0%}"
            counts = (f"{row.filled:,}", f"{row.aside:,}")
            file = "" if place else one.name
            name, person = (escape(one_line(text)) for text in (file, row.name))
            person = person.removeprefix("person ")
            table.add_row(name, person, f"{row.poses:,}", before, after, kept, *counts)
    return table
