"""The tables of a report. The thesis's are PCK and keypoints; the errors are ours."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton
from temporal_pose.reporting.cells import Cell, Score, identity_cell, mark_best, model_cell
from temporal_pose.reporting.contrasts import prediction_tables
from temporal_pose.reporting.models import Kind, Model, models
from temporal_pose.reporting.provenance import data_names, disagreements
from temporal_pose.reporting.results import Results, share
from temporal_pose.reporting.table import Header, Table, seeds_legend, signs_legend
from temporal_pose.reporting.thesis import thesis_tables
from temporal_pose.reporting.variants import Variant, variant_tables

#: Which models share a table of keypoints, by the end of its key and title.
_BLOCKS: Mapping[tuple[str, str], tuple[Kind, ...]] = {
    ("", ""): (Kind.IDENTITY, Kind.NETWORK),
    ("_video_filters", " of filters that see the whole video"): (Kind.VIDEO_FILTER,),
    ("_window_filters", " of filters that see a window"): (Kind.WINDOW_FILTER,),
}


def all_tables(results: Results, variants: Sequence[Variant] = ()) -> list[Table]:
    """PCK of every k (the thesis's tables 1 and 2), keypoints (3 and 4), then ours.

    Args:
        variants: to be compared, this report's own runs among them.
    """
    keypoints = {k: keypoint_tables(results, k) for k in results.ks}
    return [
        *(pck_table(results, k) for k in results.ks),
        *(first for first, *_ in keypoints.values()),
        *thesis_tables(results),
        *variant_tables(variants),
        *(error_table(results, k) for k in results.ks),
        *(table for k in results.ks for table in prediction_tables(results, k)),
        *(table for _, *others in keypoints.values() for table in others),
    ]


def pck_table(results: Results, k: float) -> Table:
    """PCK at each threshold in each setup, a row a model."""
    names = results.thresholds
    headings = {
        "Accuracy metric": [name.upper() for name in names],
        "Mean threshold distance (px)*": [_pixels(results, k, share(name)) for name in names],
    }
    return Table(
        f"pck_k{k:g}",
        f"Test accuracy for shifting scalar k = {k:g}, in percent. Data: {data_names(results)}",
        _headers(results, k, headings),
        rows := _rows(results, k, [Score(name) for name in names]),
        (
            "*: mean largest distance between predicted and true keypoint that counts as correct, "
            "in heatmap pixels.",
            *signs_legend(rows),
            *_run_notes(results, k, models(results)),
        ),
    )


def error_table(results: Results, k: float) -> Table:
    """Mean position error, acceleration error (jitter) and, where it was measured, lag."""
    columns = [
        ("Position error", "px", Score("error_px", 1, 2, higher_is_better=False)),
        ("Acceleration error", "px/frame²", Score("accel_error_px", 1, 2, higher_is_better=False)),
    ]
    legend = "Less is better. Pixels are heatmap pixels; the acceleration error measures jitter."
    if any("test/lag_frames" in run.scores for run in results.runs):
        columns.append(("Lag", "frames", Score("lag_frames", 1, 2, signed=True)))
        legend += (
            " Lag: by how many frames the output is behind the true movement, by least squares "
            "(below zero: ahead of it); the nearest to zero is best."
        )
    names, units, scores = zip(*columns, strict=True)
    return Table(
        f"errors_k{k:g}",
        f"Mean test errors for shifting scalar k = {k:g}. Data: {data_names(results)}",
        _headers(results, k, {"Error": names, "Unit": units}),
        rows := _rows(results, k, scores),
        (
            legend,
            *signs_legend(rows),
            *_run_notes(results, k, models(results)),
        ),
    )


def keypoint_tables(results: Results, k: float, skeleton: Skeleton = CLIMBALONG25) -> list[Table]:
    """PCK of each keypoint group at the widest threshold, a column a model and setup.

    Identity and networks share a table; filters, if there are any, have their own.
    """
    tables = []
    for (key, title), kinds in _BLOCKS.items():
        columns = [model for model in models(results) if model.kind in kinds]
        if columns:
            tables.append(_keypoint_table(results, k, skeleton, columns, (key, title)))
    return tables


def _keypoint_table(
    results: Results,
    k: float,
    skeleton: Skeleton,
    columns: Sequence[Model],
    block: tuple[str, str],
) -> Table:
    threshold, setups = results.thresholds[-1], results.setups
    rows = []
    for group in skeleton.groups:
        score = Score(f"{threshold}/{group}")
        by_setup = [
            mark_best([_cell(results, model, s, k, score) for model in columns], score)
            for s in setups
        ]
        cells = tuple(cell for model in zip(*by_setup, strict=True) for cell in model)
        rows.append((group.replace("_", " ").capitalize(), cells))
    return Table(
        f"keypoints_k{k:g}{block[0]}",
        f"Test {threshold.upper()} per keypoint{block[1]} for shifting scalar k = {k:g}, "
        f"in percent. Data: {data_names(results)}",
        (
            Header("Model", tuple((model.name, len(setups)) for model in columns)),
            Header("Experiment", tuple((f"{k:g}.{s}", 1) for _ in columns for s in setups)),
        ),
        tuple(rows),
        (*signs_legend(rows), *_run_notes(results, k, columns)),
    )


def _headers(
    results: Results, k: float, headings: Mapping[str, Sequence[str]]
) -> tuple[Header, ...]:
    """Headings over all setups of a score, and below them the experiments."""
    setups, scores = results.setups, len(next(iter(headings.values())))
    wide = [
        Header(name, tuple((t, len(setups)) for t in texts)) for name, texts in headings.items()
    ]
    return *wide, Header("Experiment", tuple((f"{k:g}.{s}", 1) for s in setups * scores))


def _rows(
    results: Results, k: float, scores: Sequence[Score]
) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    """A row a model, a column a score and setup, the best of each column marked."""
    rows = models(results)
    columns = [
        mark_best([_cell(results, model, setup, k, score) for model in rows], score)
        for score in scores
        for setup in results.setups
    ]
    cells = zip(*columns, strict=True)
    return tuple((model.name, tuple(row)) for model, row in zip(rows, cells, strict=True))


def _cell(results: Results, model: Model, setup: str, k: float, score: Score) -> Cell:
    if model.kind == Kind.IDENTITY:
        cell = identity_cell(results, setup, k, score)
        return replace(cell, disputed=bool(disagreements(results, k, setup)))
    return model_cell(results.at(model.key, setup, k), score)


def _run_notes(results: Results, k: float, rows: Sequence[Model]) -> list[str]:
    """Who sees more than a window, how many seeds there are, and whose input differs."""
    score = Score(results.thresholds[0])
    counts = [
        (model.name, [_cell(results, model, setup, k, score).seeds for setup in results.setups])
        for model in rows
    ]
    whole = [model.name for model in rows if model.kind == Kind.VIDEO_FILTER]
    sight = [f"Seeing the whole video, not a window: {', '.join(whole)}."] if whole else []
    disputes = [text for setup in results.setups for text in disagreements(results, k, setup)]
    return [*sight, *seeds_legend(counts), *disputes]


def _pixels(results: Results, k: float, portion: float) -> str:
    """A share of the torso in pixels, mean over runs; a range where experiments differ."""
    torsos: dict[str, list[float]] = {}
    for run in results.runs:
        torso = run.scores.get("torso_px")
        if run.k == k and torso is not None:
            torsos.setdefault(run.setup, []).append(torso)
    means = sorted(portion * fmean(values) for values in torsos.values())
    ends = dict.fromkeys(f"{mean:.2f}" for mean in means[:1] + means[-1:])
    return " to ".join(ends) or "n/a"
