"""Refiners by name, and out of run folders: of their own files alone, without Hydra."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from temporal_pose.errors import ConfigError
from temporal_pose.files import options
from temporal_pose.files.constructing import build
from temporal_pose.files.options import described
from temporal_pose.filters.base import Filter
from temporal_pose.inputs.recorded import Recording
from temporal_pose.pose.codecs import Codec
from temporal_pose.pose.framing import Framing
from temporal_pose.refining.filtering import FilterRefiner
from temporal_pose.refining.networks import NetworkRefiner
from temporal_pose.refining.refined import Refiner
from temporal_pose.refining.windowed import WindowedNetwork
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.weights import check_weights, fill, read_checkpoint

#: What refines where nothing else is chosen.
DEFAULT = "robust"

#: Run folders that come with the package, by the name of their model.
SHIPPED = Path(__file__).parents[1] / "shipped"
_MOST = 1_000_000  # frames of a window, or a second

_REFERENCE = re.compile(r"\$\{model\.(\w+)\}")


def named(model: str = DEFAULT) -> Refiner:
    """A refiner by name: a filter, or a network that comes with its weights.

    Raises:
        ConfigError: there is none of that name; the message names what there is.
    """
    return load(SHIPPED / model) if model in options.shipped() else filter_named(model)


def filter_named(name: str = DEFAULT, **settings: Any) -> FilterRefiner:
    """A filter as its YAML file has it, or with some settings changed.

    Args:
        name: of a file in ``conf/model`` that describes a filter, or 'identity', which only
            cleans.
        settings: of that file, by name.

    Raises:
        ConfigError: no such filter, or no such setting; the message names what there is.
    """
    about = described("model", name) if name in options.options("model") else {}
    network = about.pop("network", {})
    values = {key: value for key, value in about.items() if not isinstance(value, dict)}
    for odd in settings.keys() - values.keys():
        expected = ", ".join(sorted(values.keys() - {"name", "title", "whole_videos", "defaults"}))
        raise ConfigError(f"{odd} is no setting of {name}; expected {expected}")
    filled = {key: _filled(value, values | settings) for key, value in network.items()}
    return of_network(build(filled, f"conf/model/{name}.yaml") if _ready(filled) else None, name)


def of_network(network: nn.Module | None, name: str) -> FilterRefiner:
    """The refiner of a module that has nothing to learn.

    Raises:
        ConfigError: it has, and so needs a run.
    """
    if isinstance(network, Filter):
        return FilterRefiner(network)
    if network is None or any(True for _ in network.parameters()):
        raise ConfigError(
            f"model '{name}' is no filter; expected one of "
            f"{', '.join([*filters(), *options.shipped()])}, or run=, the folder of a trained "
            "network's run"
        )
    return FilterRefiner(None)


def filters() -> list[str]:
    """Names of the filters that see whole videos, and of the identity."""
    whole = [name for name in options.filters() if described("model", name).get("whole_videos")]
    return [*whole, "identity"]


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A value with references to the model's own settings replaced."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return value if found is None else values.get(found[1], value)


def _ready(network: Mapping[str, Any]) -> bool:
    return bool(network) and not any("${" in str(value) for value in network.values())


def load(path: str | Path) -> Refiner:
    """The refiner of a finished run, from its folder alone: settings, weights, what it was taught.

    Nothing of today's ``conf/`` is asked, and nothing in the folder is executed: it may be a
    stranger's.

    Raises:
        RunFolderError: the folder holds no run, or one that is not finished.
        CheckpointError: its weights are missing, damaged or another model's.
        ConfigError: its configuration names what may not be called.
    """
    run = RunFolder(Path(path).expanduser())
    config = run.config()
    run.metrics()
    where, parts = str(run.config_file), _parts(run, config)
    network = build(parts["task"]["network"], where)
    _fill(network, run.best)
    if isinstance(network, Filter) or not any(True for _ in network.parameters()):
        return of_network(network, str(config["model"].get("name", "")))
    length, step, fps = _cut(parts["data"]["cut"], where)
    framing, codec = _seen_by(parts, where)
    recorded = build(parts["data"]["input"], where)
    real = isinstance(recorded, Recording)
    model = WindowedNetwork(
        network.eval().requires_grad_(False),
        codec,
        # A box a frame jitters with the detections that it is made of, and the result with it.
        Framing("window", framing.margin, framing.size),
        length,
        step,
        fps,
        recorded if real else Recording(),
        int(config["model"].get("hop", 1)),
    )
    start = parts["data"].get("start")
    corrected = None if start is None else build(start, where)
    remarks = () if real else (_SIMULATED.format(run.path),)
    rates = tuple(run.frame_rates())
    rest = corrected or filter_named()
    usual = run.likeness() if real else {}
    taught = run.taught()
    return NetworkRefiner(model, rest, taught, rates, remarks, start=corrected, usual=usual)


_SIMULATED = (
    "{} has seen simulated noise alone, and may displace what a real detector saw; finetune it on "
    "one, or compare with model=robust"
)


def _parts(run: RunFolder, config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """How the run's objects are made.

    Raises:
        ConfigError: its configuration does not say.
    """
    parts: Any = config.get("objects")
    try:
        known = {"network", "codec"} <= parts["task"].keys() and config["model"]["name"]
        if known and {"cut", "framing", "input"} <= parts["data"].keys():
            return dict(parts)
    except (AttributeError, KeyError, TypeError):
        pass
    raise ConfigError(
        f"{run.config_file} does not describe a run; expected what `train` or `finetune` wrote"
    )


def _cut(cut: Any, where: str) -> tuple[int, int, float | None]:
    """Frames in a window, every how many of them are taken, and of which rate.

    Raises:
        ConfigError: the run's configuration does not say.
    """
    told: Mapping[str, Any] = cut if isinstance(cut, Mapping) else {}
    length, step, fps = told.get("length"), told.get("frame_step"), told.get("fps")
    if isinstance(length, int) and isinstance(step, int) and 0 < length < _MOST > step > 0:
        if fps is None:
            return length, step, None
        if isinstance(fps, int | float) and 0 < fps < _MOST:
            return length, step, float(fps)
    raise ConfigError(
        f"{where}: objects.data.cut is {cut}; expected whole numbers length and frame_step, and "
        "fps: use the file as `train` wrote it"
    )


def _seen_by(parts: Mapping[str, Any], where: str) -> tuple[Framing, Codec]:
    """How a network is shown poses, and how they are read from what it says.

    Raises:
        ConfigError: the run's configuration names something else.
    """
    framing, codec = (
        build(parts[a][b], where) for a, b in (("data", "framing"), ("task", "codec"))
    )
    if not isinstance(framing, Framing) or not hasattr(codec, "decode"):
        raise ConfigError(
            f"{where}: objects.data.framing and objects.task.codec make no framing and no codec; "
            "use the file as `train` wrote it"
        )
    return framing, codec


def _fill(network: nn.Module, path: Path) -> None:
    """Puts the weights of a run's task into its network alone."""
    weights = read_checkpoint(path)["state_dict"]
    own = {
        name.removeprefix("network."): value
        for name, value in weights.items()
        if isinstance(name, str) and name.startswith("network.")
    }
    check_weights(network, own, path)
    fill(network, own, path)
