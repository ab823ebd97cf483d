"""The thesis's own finetuning tables, measured on another data set, to look at beside ours."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from temporal_pose.reporting.cells import Cell, Score, mark_best
from temporal_pose.reporting.models import THESIS
from temporal_pose.reporting.results import Results, Run
from temporal_pose.reporting.table import Header, Table, signs_legend

_FILE = Path(__file__).with_name("thesis_finetuning.yaml")
_PERCENT = Score("")


def thesis_tables(results: Results) -> list[Table]:
    """Its tables of the shifting scalars that have runs; of finetuning, none of another stage."""
    values = _read()
    ks = [int(k) for k in results.ks if k in values["pck"]] if results.stage == "finetune" else []
    note = _note(results)
    return [
        *(_pck(values, k, note) for k in ks),
        *(_keypoints(values, k, note) for k in ks),
    ]


@cache
def _read() -> dict[str, Any]:
    return dict(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def _note(results: Results) -> str:
    """What the numbers are worth beside this report's."""
    if all("climbalong" in _where(run) for run in results.runs):
        return "The thesis's values, on its own split of ClimbAlong."
    return (
        "The thesis's values on ClimbAlong, another data set than this report's: no number here "
        "can be compared with one of ours."
    )


def _where(run: Run) -> str:
    """The data set's name and the name of its folder."""
    data = run.config.get("data")
    settings = data if isinstance(data, Mapping) else {}
    return f"{settings.get('name')} {Path(str(settings.get('root'))).name}".lower()


def _pck(values: Mapping[str, Any], k: int, note: str) -> Table:
    setups, thresholds = values["setups"], values["thresholds"]
    rows = values["pck"][k]
    columns = [_marked(column) for column in zip(*rows.values(), strict=True)]
    cells = tuple(
        (THESIS[name], tuple(row))
        for name, row in zip(rows, zip(*columns, strict=True), strict=True)
    )
    return Table(
        f"thesis_pck_k{k}",
        f"The thesis's values: test accuracy after finetuning on ClimbAlong for shifting scalar "
        f"k = {k}, in percent. Data: ClimbAlong",
        (
            Header("Accuracy metric", _wide((name.upper() for name in thresholds), setups)),
            Header("Mean threshold distance (px)", _wide(values["pixels"], setups)),
            _experiments(k, setups, len(thresholds)),
        ),
        cells,
        (note, *signs_legend(cells)),
    )


def _keypoints(values: Mapping[str, Any], k: int, note: str) -> Table:
    setups, networks = values["setups"], values["networks"]
    cells = tuple(
        (name, tuple(_row(numbers, len(setups))))
        for name, numbers in values["keypoints"][k].items()
    )
    return Table(
        f"thesis_keypoints_k{k}",
        f"The thesis's values: test PCK@0.2 per keypoint after finetuning on ClimbAlong for "
        f"shifting scalar k = {k}, in percent. Data: ClimbAlong",
        (
            Header("Model", _wide((THESIS[name] for name in networks), setups)),
            _experiments(k, setups, len(networks)),
        ),
        cells,
        (note, "Bold: best of the setup."),
    )


def _row(numbers: Sequence[float], setups: int) -> list[Cell]:
    """A keypoint's cells, the best network of each setup marked, as in our own tables."""
    by_setup = [_marked(numbers[setup::setups]) for setup in range(setups)]
    return [cell for network in zip(*by_setup, strict=True) for cell in network]


def _marked(numbers: Sequence[float]) -> list[Cell]:
    return mark_best([Cell(1, number) for number in numbers], _PERCENT)


def _wide(names: Iterable[str], setups: Sequence[str]) -> tuple[tuple[str, int], ...]:
    return tuple((name, len(setups)) for name in names)


def _experiments(k: int, setups: Sequence[str], times: int) -> Header:
    return Header("Experiment", tuple((f"{k}.{setup}", 1) for setup in setups) * times)
