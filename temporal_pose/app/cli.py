"""The frame of every command: Hydra outside, and one line for an error that a user can mend."""

import logging
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import hydra
from hydra.errors import (
    ConfigCompositionException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from temporal_pose.app.manual import show
from temporal_pose.errors import UserError
from temporal_pose.files.conf import CONF
from temporal_pose.files.ending import of_system, unread

Result = TypeVar("Result")


def command(name: str) -> Callable[[Callable[[DictConfig], None]], Callable[[], None]]:
    """Makes a command of a function of a configuration.

    Errors that a user can mend are shown as one line, and the exit status is 2; anything else is
    a bug and shows its trace. In a sweep, the other runs go on.

    Args:
        name: of the primary configuration, a file in ``conf/``.
    """

    def decorate(job: Callable[[DictConfig], None]) -> Callable[[], None]:
        def main() -> None:
            with unread():
                _run(name, job)

        return main

    return decorate


def _run(name: str, job: Callable[[DictConfig], None]) -> None:
    """Shows the manual, or has Hydra call the job with what is typed."""
    failed: list[str] = []

    def careful(config: DictConfig) -> None:
        try:
            job(config)
        except Exception as error:
            failed.append(_report(error))

    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors arrive here instead of being printed
    quiet()
    if {"--help", "-h"} & set(sys.argv[1:]):
        attempt(show, CONF, name, sys.argv[1:])
        return
    careful.__module__ = job.__module__
    sys.argv[1:] = fold_by_fold(sys.argv[1:])
    run = hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)(careful)
    try:
        run()
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command continues")
    except Exception as error:
        failed.append(_report(error))
    if failed:
        sys.exit(2)


def fold_by_fold(arguments: Sequence[str]) -> list[str]:
    """A cross-validation as the sweep over its turns, where none of these is asked for."""
    typed = dict(part.partition("=")[::2] for part in arguments)
    folds = typed.get("data.folds", "")
    if not folds.isdigit() or int(folds) < 1 or "data.fold" in typed:
        return list(arguments)
    many = [] if {"-m", "--multirun"} & set(arguments) else ["-m"]
    return [*many, *arguments, f"data.fold={','.join(map(str, range(1, int(folds) + 1)))}"]


def _report(error: Exception) -> str:
    """Shows an error: one line where that tells the user what to do, else the trace of a bug."""
    line = explain(error)
    if line is None or isinstance(error, BrokenPipeError):
        raise error
    complain(line)
    return line


def progress(shown: bool = True) -> Progress:
    """A bar in a terminal, if it shall be shown; nothing in a file."""
    console = Console()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    return Progress(*columns, console=console, disable=not (shown and console.is_terminal))


def complain(line: str) -> None:
    """Shows an error."""
    print(f"error: {line}", file=sys.stderr, flush=True)


def attempt(job: Callable[..., Result], *arguments: Any) -> Result:
    """The job's result; after an error the command ends, even where Hydra would go on."""
    try:
        return job(*arguments)
    except BrokenPipeError:
        raise
    except Exception as error:
        line = explain(error)
        if line is None:
            traceback.print_exc()
            sys.exit(1)
        complain(line)
        sys.exit(2)


def describe(error: Exception) -> str:
    """An error for a file: a line that says what is wrong, and the trace."""
    line = explain(error) or f"{type(error).__name__}: {error}".rstrip(": ")
    return f"{line}\n\n{''.join(traceback.format_exception(error))}"


def quiet() -> None:
    """Silences remarks that do not concern a user of this package."""
    for message in (
        ".*does not have many workers.*",
        ".*exists and is not empty.*",
        ".*LeafSpec.*",
        ".*recommended to use `self.log.*",  # torchmetrics has summed over processes already
        ".*smaller than the logging interval.*",
    ):
        warnings.filterwarnings("ignore", message)
    for chatty in ("lightning.pytorch", "hydra", "hydra_plugins"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def explain(error: BaseException) -> str | None:
    """One line that says what is wrong and what to do; None for an error that is a bug."""
    for cause in _causes(error):
        if isinstance(cause, UserError):
            return _line(cause)
        if isinstance(cause, MissingConfigException) and cause.options:
            group, _, choice = str(cause.missing_cfg_file).rpartition("/")
            return f"{group} '{choice}' is unknown; expected one of {', '.join(cause.options)}"
        if type(cause).__name__ == "MisconfigurationException":  # importing it takes seconds
            return f"trainer: {_line(cause)}"
        if isinstance(cause, OSError) and cause.errno is not None:
            return of_system(cause, "choose another path, by runs_dir= or out=")
    unknown = re.search(r"Could not override '([^']+)'", str(error))
    if unknown:
        return f"setting '{unknown[1]}' is unknown; --cfg job lists every setting there is"
    if "Config group override must be" in str(error):
        return (
            "model, data, augment, input, loss, trainer and experiment take a name: model=conv3d"
        )
    composing = (ConfigCompositionException, OverrideParseException, OmegaConfBaseException)
    return _line(error) if isinstance(error, composing) else None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _causes(error: BaseException | None) -> list[BaseException]:
    causes = []
    while error is not None and error not in causes:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes
