"""What TensorBoard's pages show: curves that belong together, and a table of runs."""

from collections.abc import Mapping
from typing import Any

from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from torch.utils.tensorboard.summary import hparams

from temporal_pose.runs.fingerprints import identity_of
from temporal_pose.runs.results import (
    CROP_PCK,
    ERROR,
    HEAD_PCK,
    JITTER,
    LEARNING_RATE,
    LOSS,
    NO_ANSWER,
    PCKS,
    TEST,
    TRAINING_LOSS,
    VALIDATION,
    VALIDATION_LOSS,
)

_LEARNING_RATE = ("Multiline", (f"{LEARNING_RATE}$",))

#: CUSTOM SCALARS: by chart the tags, which are regular expressions, of its curves.
CHARTS = {
    "training": {
        "loss": ("Multiline", (f"{TRAINING_LOSS}$", f"{VALIDATION_LOSS}$")),
        **{
            f"{score} of the model and of the identity": (
                "Multiline",
                tuple(f"{of}{score}$" for of in VALIDATION),
            )
            for score in (*PCKS, ERROR, JITTER)
        },
        "learning rate": _LEARNING_RATE,
    }
}

#: The same of a detector's training. A trained network may be hardly better than one that emits
#: nothing at all, by its loss.
DETECTOR_CHARTS = {
    "training": {
        "loss, and that of no answer at all": (
            "Multiline",
            (f"{TRAINING_LOSS}$", f"{VALIDATION_LOSS}$", f"{NO_ANSWER}{LOSS}$"),
        ),
        **{
            score: ("Multiline", (f"{VALIDATION.refined}{score}$",))
            for score in (*PCKS, HEAD_PCK, CROP_PCK, ERROR)
        },
        "learning rate": _LEARNING_RATE,
    }
}

#: Settings that make a run what it is.
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
    for name, where in (("model", "model.name"), ("model", "network.name")):
        if where in shown:
            shown[name] = shown.pop(where)
    if "setup" in shown:
        shown["setup"] = str(shown["setup"])
    shown.pop("setup_name", None)
    return shown


def table_scores(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The scores of a run that its table row shows: those of all keypoints together.

    Args:
        metrics: as in ``metrics.json``.
    """
    names = {
        name: name if name.startswith(TEST.refined) else f"{TEST.refined}{name}"
        for name in metrics
        if name.startswith(TEST) and name.count("/") == 1
    }
    return {tag: metrics[name] for name, tag in names.items() if metrics[name] is not None}


def table_row(
    settings: Mapping[str, str | float | bool], scores: Mapping[str, float]
) -> tuple[Any, ...]:
    """TensorBoard's summaries of a finished run, for its HPARAMS table.

    The table shows five settings at first, sorted by name; those that make a run what it is are
    marked so that they come before the others.
    """
    experiment, start, end = hparams(dict(settings), dict(scores))
    holder = experiment.value[0].metadata.plugin_data
    content = HParamsPluginData.FromString(holder.content)
    for column in content.experiment.hparam_infos:
        column.differs = column.name in FIRST
    holder.content = content.SerializeToString()
    return experiment, start, end
