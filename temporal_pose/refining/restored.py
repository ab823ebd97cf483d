"""What refines of a finished run: its network or filter, as it was trained."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from temporal_pose.errors import ConfigError
from temporal_pose.files.constructing import build
from temporal_pose.filters.filter_module import FilterModule, as_module
from temporal_pose.inputs.recorded import Recording
from temporal_pose.pose.codecs import Codec
from temporal_pose.pose.framing import Framing
from temporal_pose.refining.named_filters import filter_named, of_network
from temporal_pose.refining.networks import NetworkRefiner
from temporal_pose.refining.refined import Refiner
from temporal_pose.refining.windowed import WindowedNetwork
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.weights import check_weights, fill, read_checkpoint

_MOST = 1_000_000  # frames of a window, or a second


def restored(path: Path) -> Refiner:
    """The refiner of a run folder; see `temporal_pose.refining.saved.load`."""
    run = RunFolder(path)
    config = run.config()
    run.metrics()
    where, parts = str(run.config_file), _parts(run, config)
    network = as_module(build(parts["task"]["network"], where))
    _fill(network, run.best)
    if isinstance(network, FilterModule) or not any(True for _ in network.parameters()):
        chosen = network.smoother if isinstance(network, FilterModule) else network
        return of_network(chosen, str(config["model"].get("name", "")))
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
