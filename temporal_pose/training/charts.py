"""What TensorBoard's pages show: curves that belong together, and a table of runs."""

from collections.abc import Mapping
from typing import Any

from tensorboard.plugins.hparams import api_pb2, summary

from temporal_pose.training.runs import identity_of

#: CUSTOM SCALARS: by chart the tags, which are regular expressions, of its curves.
CHARTS = {
    "validation": {
        "loss": ("Multiline", ("train/loss$", "val/loss$")),
        **{
            f"{score} of the model and of the identity": (
                "Multiline",
                (f"val/{score}$", f"val/identity/{score}$"),
            )
            for score in ("pck@0.05", "pck@0.1", "pck@0.2", "error_px", "accel_error_px")
        },
        "learning rate": ("Multiline", ("learning_rate$",)),
    }
}

#: Settings that TensorBoard puts first in its table; it shows five at first.
FIRST = ("model", "setup", "k", "data", "seed")

_REPEATED = ("objects.", "setups.", "model.network.", "model.codec.", "model.fit.", "data.reader.")


def table_settings(settings: Mapping[str, Any]) -> dict[str, str | float | bool]:
    """The settings of a run that its table row shows: the same ones for every network.

    Args:
        settings: of a run, flat, by their dotted names.
    """
    shown: dict[str, str | float | bool] = {}
    for name, value in identity_of(settings).items():
        name, constructed = name.removesuffix("._target_"), name.endswith("._target_")
        if constructed and not name.startswith(("objects.", "model.", "setups.")):
            shown[name.removesuffix(".reader")] = str(value).rpartition(".")[2]
        elif not (constructed or name.startswith(_REPEATED) or name.endswith("_partial_")):
            shown[name] = value if isinstance(value, str | float | int) else str(value)
    shown["model"] = shown.pop("model.name")
    shown.pop("setup_name", None)
    return shown


def table_scores(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The scores of a run that its table row shows: those of all keypoints together.

    Args:
        metrics: as in ``metrics.json``.
    """
    names = {
        name: name if name.startswith("test/") else f"test/{name}"
        for name in metrics
        if name.startswith(("test/", "identity/")) and name.count("/") == 1
    }
    return {tag: metrics[name] for name, tag in names.items() if metrics[name] is not None}


def table_row(
    settings: Mapping[str, str | float | bool], scores: Mapping[str, float]
) -> list[Any]:
    """TensorBoard's summaries of a finished run, for its HPARAMS table.

    Where Lightning and torch would sort settings by name alone, so that the five columns shown
    at first are of no interest, these say which settings make a run what it is.
    """
    kinds = {bool: api_pb2.DATA_TYPE_BOOL, str: api_pb2.DATA_TYPE_STRING}
    columns = [
        api_pb2.HParamInfo(
            name=name,
            type=kinds.get(type(value), api_pb2.DATA_TYPE_FLOAT64),
            differs=name in FIRST,
        )
        for name, value in settings.items()
    ]
    metrics = [api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag)) for tag in scores]
    return [
        summary.experiment_pb(columns, metrics),
        summary.session_start_pb(dict(settings)),
        summary.session_end_pb(api_pb2.STATUS_SUCCESS),
    ]
