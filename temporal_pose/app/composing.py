"""From a composed configuration to objects: what the entry points share of Hydra."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import torch
from hydra.errors import InstantiationException
from hydra.utils import get_class, instantiate
from lightning.fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf

from temporal_pose.app.quoting import quoted
from temporal_pose.errors import ConfigError, MissingPretraining
from temporal_pose.files.finding import listing
from temporal_pose.files.made import content_hash
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.results import CONFIG_HASH
from temporal_pose.runs.run_names import RunName
from temporal_pose.training import threads
from temporal_pose.training.detector import Detection
from temporal_pose.training.fitting import Fit, GradientDescent, NoFit
from temporal_pose.training.task import Refinement


def resolved(config: DictConfig) -> dict[str, Any]:
    """The configuration as plain data with every reference replaced by its value.

    Where a run starts from another one, that one's fingerprint belongs to it; where its noise was
    fitted, that of the fit; where its data are files, that of their names and sizes.
    """
    if config.data.root is not None:
        config.data.root = str(Path(str(config.data.root)).expanduser().absolute())
    if isinstance(OmegaConf.select(config, "input.fit"), str):
        config.input.fit = str(Path(config.input.fit).expanduser().absolute())
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    settings = {str(name): value for name, value in plain.items()} | _fingerprint(config)
    if config.data.root is not None and Path(config.data.root).exists():
        settings["data_files"] = listing(Path(config.data.root))
    source = pretraining(config)
    return settings if source is None else settings | {"start": source.metrics()[CONFIG_HASH]}


def _fingerprint(config: DictConfig) -> dict[str, str]:
    """Of the file that the noise's numbers are read from, if they are read from a file."""
    fit = OmegaConf.select(config, "input.fit")
    if not isinstance(fit, str) or not Path(fit).is_file():
        return {}
    return {"noise_fit": content_hash(Path(fit))}


def run_path(config: DictConfig) -> Path:
    """The folder of a run: stage, model, setup, k, and any seed but the default.

    The control experiments of finetuning are stages of their own: 'scratch' and 'pretrained'. A
    command that has no setups says itself where its runs are, by ``folder``.
    """
    stage = config.stage
    if "folder" in config:
        path = Path(config.runs_dir) / str(config.folder)
        return path if config.seed == 1 else path / f"seed{config.seed}"
    if stage == "finetune" and config.from_scratch:
        stage = "scratch"
    elif stage == "finetune" and not config.tune:
        stage = "pretrained"
    return _run_path(config, Path(config.runs_dir) / stage)


def _run_path(config: DictConfig, root: Path) -> Path:
    seed = None if config.seed == 1 else config.seed
    fold = config.data.get("fold") or 0
    return root / RunName(config.model.name, str(config.setup), float(config.k), seed, fold).path


def learns(config: DictConfig) -> bool:
    """Whether a model is trained by gradient descent: filters and the identity are not."""
    return issubclass(get_class(config.model.fit["_target_"]), GradientDescent)


def pretraining(config: DictConfig) -> RunFolder | None:
    """The finished run that a run starts from; None for one that starts from nothing.

    Raises:
        MissingPretraining: it is not there or not finished.
    """
    if config.stage != "finetune" or config.from_scratch or not learns(config):
        return None
    run = RunFolder(_run_path(config, Path(config.pretrained) / "pretrain"))
    if not run.finished or not run.best.exists():
        seed = "" if config.seed == 1 else f" seed={config.seed}"
        raise MissingPretraining(
            f"{run.path} holds no finished pretraining; make it with python -m "
            f"temporal_pose.train model={config.model.name} setup={config.setup} "
            f"k={float(config.k):g}{seed} runs_dir={config.pretrained}, or use from_scratch=true"
        )
    return run


def overrides_to_keep(config: DictConfig, overrides: Sequence[str]) -> list[str]:
    """What to type to get this configuration again, from any folder."""
    paths = {name: OmegaConf.select(config, name) for name in ("data.root", "input.fit")}
    paths = {name: path for name, path in paths.items() if isinstance(path, str)}
    others = [item for item in overrides if item.split("=")[0].lstrip("+") not in paths]
    absolute = {name: Path(path).expanduser().absolute() for name, path in paths.items()}
    return [*others, *(f"{name}={quoted(str(path))}" for name, path in absolute.items())]


def build_fit(config: DictConfig) -> Fit:
    """How a run is fitted: as its model says, unless its weights shall only be tested."""
    untouched = not config.get("tune", True) and learns(config)
    fit: Fit = NoFit() if untouched else build(config.model.fit)
    return fit


def left_out(config: DictConfig) -> bool:
    """Whether a run of a sweep shall not be, for want of a run to start from."""
    if config.get("missing") != "skip":
        return False
    try:
        pretraining(config)
    except MissingPretraining:
        return True
    return False


def build(config: Any, **arguments: Any) -> Any:
    """The object that a configuration node describes.

    Raises:
        ConfigError: an argument that a constructor cannot take.
    """
    try:
        return instantiate(config, _convert_="all", **arguments)
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, TypeError | ValueError):
            where = str(error).rpartition("full_key: ")[2]
            raise ConfigError(f"{where} cannot be made of these settings: {cause}") from error
        raise


def build_trainer(config: Any, task: Refinement | Detection) -> Callable[..., L.Trainer]:
    """What makes a trainer, tried once, as is the optimiser: both are made only as work begins.

    From here on, torch has as many threads as suit the task.

    Raises:
        ConfigError: an argument that Lightning or the optimiser refuses.
    """
    make: Callable[..., L.Trainer] = build(config)
    check_device(config)
    threads.choose(task)
    trials: dict[str, Callable[[], Any]] = {
        "trainer": lambda: make(logger=False, callbacks=[], enable_checkpointing=False),
        "optimizer or scheduler": task.configure_optimizers,
    }
    if not task.parameter_count:
        del trials["optimizer or scheduler"]
    for name, trial in trials.items():
        try:
            trial()
        except (MisconfigurationException, TypeError, ValueError) as error:
            raise ConfigError(f"{name}: {error}") from error
    return make


def check_device(config: Any) -> None:
    """Apple's GPUs have no double precision, which noise and scores are computed in.

    Raises:
        ConfigError: one would be used.
    """
    apple = torch.backends.mps.is_available() and not torch.cuda.is_available()
    if config.accelerator == "mps" or (config.accelerator in ("auto", "gpu") and apple):
        raise ConfigError(
            f"trainer.accelerator is {config.accelerator}, here Apple's GPU, which has no double "
            "precision; add trainer.accelerator=cpu"
        )


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as JSON has them: tensors become floats, and what was not measured null."""
    numbers = {name: getattr(value, "item", lambda v=value: v)() for name, value in values.items()}
    return {name: None if value != value else value for name, value in numbers.items()}
