"""What was found as tables of plain values, and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from temporal_pose.exploring.exploration import Exploration
from temporal_pose.exploring.sample_columns import mean_over
from temporal_pose.files.escaping import for_csv

Rows = Sequence[Mapping[str, Any]]

_SCORES = 10  # components whose scores are listed of each sample


def tables(found: Exploration) -> dict[str, Rows]:
    """Every table by name, a mapping a row."""
    named = {
        "findings": [one._asdict() for one in found.findings],
        "components": _components(found),
        "silhouettes": _partitions(found),
        "clusters": _clusters(found),
        "probes": [vars(one) for one in found.probes],
        "walks": _walks(found),
        "samples": _samples(found),
    }
    return named | ({"branches": _branches(found)} if found.cut is not None else {})


def sheet(rows: Rows, seed: int) -> str:
    """A table as CSV, a column more with the seed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*(rows[0] if rows else ()), "seed"])
    for row in rows:
        writer.writerow([*(_cell(value) for value in row.values()), seed])
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return for_csv(value) if isinstance(value, str) else str(value)


def _components(found: Exploration) -> Rows:
    shares = found.components.explained
    total = np.cumsum(shares)
    return [
        {"component": i + 1, "variance": float(shares[i]), "together": float(total[i])}
        for i in range(len(shares))
    ]


def _partitions(found: Exploration) -> Rows:
    return [
        {
            "k": one.k,
            "silhouette": one.silhouette,
            "of_one_cloud": one.null,
            "stability": one.stability,
            "density_between": one.between,
            "clusters": "yes" if one.real else f"no: {one.doubt}",
        }
        for one in found.partitions
    ]


def _clusters(found: Exploration) -> Rows:
    rows = []
    for label in range(found.shown.k):
        members = found.shown.labels == label
        means = {
            name: float(mean_over(np.asarray(values, float)[members], 0))
            for name, values in found.samples.columns.items()
            if name not in ("kmeans", "hdbscan")
        }
        rows.append({"part": label + 1, "samples": int(members.sum())} | means)
    return rows


def _walks(found: Exploration) -> Rows:
    return [
        {
            "walk": walk.title,
            "step": name,
            "nearest_sample": found.samples.names[int(walk.nearest[place])],
            "distance": float(walk.away[place]),
        }
        for walk in found.walks
        for place, name in enumerate(walk.steps)
    ]


def _branches(found: Exploration) -> Rows:
    assert found.cut is not None
    whole, cut = found.cut.whole.tolist(), found.cut.cut.tolist()
    return [
        {"keypoint": name, "as_it_is": whole[i], "branches_off": cut[i]}
        for i, name in enumerate(found.cut.names)
    ]


def _samples(found: Exploration) -> Rows:
    samples = found.samples
    numbers: dict[str, Float[np.ndarray, " N"]] = {
        name: np.asarray(values, float) for name, values in samples.columns.items()
    }
    scores = found.components.scores[:, :_SCORES]
    numbers |= {f"component_{i + 1}": column for i, column in enumerate(scores.T.astype(float))}
    for axis, name in enumerate(("tsne_x", "tsne_y")):
        column = np.full(len(samples), np.nan)
        column[found.mapped] = found.map[:, axis]
        numbers[name] = column
    lists = {name: values.tolist() for name, values in numbers.items()}
    return [
        {"sample": samples.names[i], "group": samples.groups[i]}
        | {name: values[i] for name, values in lists.items()}
        for i in range(len(samples))
    ]
