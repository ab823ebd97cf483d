"""What the models are called, what they see, and in which order they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from temporal_pose.reporting.results import Results, Run

#: The thesis's names, in the order of its tables; these rows are there even without runs.
THESIS: Mapping[str, str] = MappingProxyType(
    {
        "identity": "Identity function",
        "conv3d": "Conv3D",
        "deciwatch": "DeciWatch",
        "biconvlstm_s": "bi-ConvLSTM - sum.",
        "biconvlstm_c": "bi-ConvLSTM - concat.",
    }
)

#: The classical filters; ``<filter>_window`` sees a window only.
FILTERS: Mapping[str, str] = MappingProxyType(
    {
        "one_euro": "One-Euro",
        "savgol": "Savitzky-Golay",
        "gaussian": "Gaussian",
        "kalman": "Kalman",
    }
)

_ORDER = (*THESIS, *FILTERS, *(f"{name}_window" for name in FILTERS))


class Kind(IntEnum):
    """What a model is: part of how it is drawn, and of where it stands."""

    IDENTITY = 0
    NETWORK = 1
    VIDEO_FILTER = 2  # without weights; sees whole videos, the future included
    WINDOW_FILTER = 3  # without weights; sees what the networks see


@dataclass(frozen=True)
class Model:
    """A row of the tables.

    Args:
        key: the name of its run folders.
        name: what it is called in tables and figures.
    """

    key: str
    name: str
    kind: Kind


def models(results: Results) -> list[Model]:
    """The thesis's models and all others that have runs: networks, then filters."""
    runs: dict[str, list[Run]] = {key: [] for key in THESIS}
    for run in results.runs:
        runs.setdefault(run.model, []).append(run)
    found = [Model(key, _name(key, own), _kind(key, own)) for key, own in runs.items()]
    return sorted(found, key=_rank)


def _rank(model: Model) -> tuple[int, int, str]:
    known = _ORDER.index(model.key) if model.key in _ORDER else len(_ORDER)
    return model.kind, known, model.key


def _kind(key: str, runs: list[Run]) -> Kind:
    if key == "identity":
        return Kind.IDENTITY
    if not runs or runs[0].scores.get("parameters"):
        return Kind.NETWORK
    whole = _settings(runs[0], "model").get("whole_videos")
    return Kind.VIDEO_FILTER if whole else Kind.WINDOW_FILTER


def _name(key: str, runs: list[Run]) -> str:
    base = key.removesuffix("_window")
    if base == key or base not in FILTERS:
        title = _settings(runs[0], "model").get("title") if runs else None
        return str(title) if title else {**THESIS, **FILTERS}.get(key, key)
    frames = sorted({_settings(run, "data").get("window", "?") for run in runs}, key=str)
    return f"{FILTERS[base]} ({' or '.join(map(str, frames))} frames)"


def _settings(run: Run, group: str) -> Mapping[str, object]:
    settings = run.config.get(group)
    return settings if isinstance(settings, Mapping) else {}
