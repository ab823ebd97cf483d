"""Tables in the terminal: what a file calls somebody or something is shown, and does nothing."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")  # omegaconf's own types

HOSTILE = "[red]a[/red]\x1b[31m\n[link=http://e.vil]b"


def shown(table: object) -> str:
    """What a terminal is sent."""
    console = Console(file=io.StringIO(), force_terminal=True, width=200)
    console.print(table)
    return console.file.getvalue()


def check(text: str) -> None:
    """The name is there as it is, and nothing of it is obeyed."""
    assert "[red]a[/red]" in text
    assert "[link=http://e.vil]b" in text
    assert not set(re.findall("\x1b[^\\[]|\x1b\\[31m|\x1b\\]8", text))


def test_files_and_people() -> None:
    from temporal_pose.app import outcomes
    from temporal_pose.app.refinery import Outcome, TrackRow

    row = TrackRow(HOSTILE, 7, (1.0, 0.5), 0.9, 2, 3)
    check(shown(outcomes._table([Outcome("a.json", [row])])))
    check(shown(outcomes._table([Outcome(HOSTILE, [row._replace(name="person 3")])])))


def test_models_and_keypoints() -> None:
    from temporal_pose.app import evaluations

    scores = {"test/pck@0.2": 0.5, "identity/pck@0.2": 0.4}
    check(shown(evaluations._table(HOSTILE, scores, "test set")))
    group = f"pck@0.2/{HOSTILE}"
    scores = {f"test/{group}": 0.5, f"identity/{group}": 0.4}
    check(shown(evaluations._table("a", scores, "test set")))


def test_no_column_is_lost_in_a_narrow_terminal() -> None:
    from temporal_pose.app import outcomes
    from temporal_pose.app.refinery import Outcome, TrackRow

    row = TrackRow("1_13_14_mp4, person 1", 1000, (11.29, 1.43), 0.98, 408, 6)
    console = Console(file=io.StringIO(), width=80)
    console.print(outcomes._table([Outcome("a_file_of_a_long_name.json", [row, row])]))
    said = console.file.getvalue()
    assert re.search(r"person +poses +jitter +after +kept +filled +aside", said)
    assert said.count("a_file") == 1


def test_where_results_are(tmp_path: Path) -> None:
    from temporal_pose.app import outcomes
    from temporal_pose.app.filming import Film
    from temporal_pose.app.recipes import Order, Recipe
    from temporal_pose.app.refinery import Outcome
    from temporal_pose.formats.clips import Given

    order = Order(tmp_path, Recipe("robust", {}), Given(None, None, None))
    done = [Outcome(f"{n}.csv", out=tmp_path / f"{n}.csv") for n in "ab"]
    one = tmp_path / "a.csv"
    failed = Outcome("c.csv", error="c.csv: is no table")
    assert outcomes.whereabouts([failed], order, False) == []
    assert outcomes.whereabouts([done[0], failed], order, False) == [
        f"result: {one}",
        f"page: {one}.html",
    ]
    drawn = replace(order, film=Film(Path("walk.mp4")))
    assert outcomes.whereabouts(done[:1], drawn, False)[2:] == [f"video: {one}.overlay.mp4"]
    many = f"2 results in {tmp_path}"
    assert outcomes.whereabouts(done, order, False) == [f"{many}, each with its page NAME.html"]
    both = replace(order, page=False, film=Film(Path("walk.mp4"), shared=True))
    assert outcomes.whereabouts(done, both, True) == [many, f"video: {tmp_path}/walk.overlay.mp4"]
    late = outcomes.whereabouts([], both, True)
    assert late == [f"video: {tmp_path}/walk.overlay.mp4"], "drawn after a kill"
