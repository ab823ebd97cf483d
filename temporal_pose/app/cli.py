"""The frame of every command: Hydra outside, and one line for an error that a user can mend."""

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from temporal_pose.app.explaining import explain
from temporal_pose.app.manual import show
from temporal_pose.app.typed_paths import paths_quoted
from temporal_pose.files.conf import CONF
from temporal_pose.files.ending import complain, quiet_on_broken_pipe
from temporal_pose.runs.isolation import end_with_parent

Result = TypeVar("Result")

#: Names a command's process to those that a launcher starts for it.
_STARTER = "TEMPORAL_POSE_STARTER"


class JobError(Exception):
    """One of several jobs has told what is wrong."""


class PartError(SystemExit):
    """The end of a command of whose files some could not be taken: status 1.

    Args:
        lines: what is wrong with each, shown already.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(1)
        self.lines = lines


def command(name: str) -> Callable[[Callable[[DictConfig], None]], Callable[[], None]]:
    """Makes a command of a function of a configuration.

    Errors that a user can mend are shown as one line, and the exit status is 2; anything else is
    a bug and shows its trace. In a sweep, the other runs go on.

    Args:
        name: of the primary configuration, a file in ``conf/``.
    """

    def decorate(job: Callable[[DictConfig], None]) -> Callable[[], None]:
        def main() -> None:
            with quiet_on_broken_pipe():
                _run(name, job)

        return main

    return decorate


def _run(name: str, job: Callable[[DictConfig], None]) -> None:
    """Shows the manual, or has Hydra call the job with what is typed."""
    failed: list[str] = []
    broken: list[BrokenPipeError] = []
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors arrive here instead of being printed
    quiet()
    if {"--help", "-h"} & set(sys.argv[1:]):
        attempt(show, CONF, name, sys.argv[1:])
        return
    careful = _careful(job, failed, broken)
    os.environ[_STARTER] = str(os.getpid())
    sys.argv[1:] = paths_quoted(flag_first(fold_by_fold(sys.argv[1:])))
    run = hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)(careful)
    try:
        run()
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command continues")
    except JobError as error:
        where = "each tells of it in its own output, which a cluster keeps in .submitit"
        complain(f"of the jobs, one or more came to grief ({where}): {error}")
        sys.exit(1)
    except Exception as error:
        failed.append(_report(error))
    if broken:
        raise broken[0]
    if failed:
        sys.exit(2)


def _careful(
    job: Callable[[DictConfig], None], failed: list[str], broken: list[BrokenPipeError]
) -> Callable[[DictConfig], None]:
    """The job with its errors told and noted; of several jobs, a failed one ends with JobError.

    Args:
        broken: takes the error of a pipe that nobody reads, of which Hydra would tell.
    """

    def careful(config: DictConfig) -> None:
        several = HydraConfig.get().mode == RunMode.MULTIRUN
        if several:
            _end_with_command()
        try:
            job(config)
        except BrokenPipeError as error:
            broken.append(error)
        except Exception as error:
            failed.append(_report(error))
        except SystemExit as end:
            if not several or not end.code:
                raise
            failed.append("; ".join(getattr(end, "lines", ())) or "see there")
        if several and failed:  # a launcher may have brought this to another process
            raise JobError(failed.pop())

    careful.__module__ = job.__module__
    return careful


@cache
def _end_with_command() -> None:
    """Ends a launcher's process with the command that started it, even if that is killed: joblib's
    would wait for further jobs, for minutes.
    """
    if os.environ.get(_STARTER) == str(os.getppid()):
        end_with_parent()


def fold_by_fold(arguments: Sequence[str]) -> list[str]:
    """A cross-validation as the sweep over its turns, where none of these is asked for."""
    typed = dict(part.partition("=")[::2] for part in arguments)
    folds = typed.get("data.folds", "")
    if not folds.isdigit() or int(folds) < 1 or "data.fold" in typed:
        return list(arguments)
    many = [] if {"-m", "--multirun"} & set(arguments) else ["-m"]
    return [*many, *arguments, f"data.fold={','.join(map(str, range(1, int(folds) + 1)))}"]


def flag_first(arguments: Sequence[str]) -> list[str]:
    """The flag of a sweep, then the settings: Python's parser takes these in one row only."""
    return sorted(arguments, key=lambda typed: typed not in ("-m", "--multirun"))


def _report(error: Exception) -> str:
    """Shows an error: one line where that tells the user what to do, else the trace of a bug."""
    line = explain(error)
    if line is None or isinstance(error, BrokenPipeError):
        raise error
    complain(line)
    return line


def typed(overrides: Any) -> list[str]:
    """Overrides as the user typed them, references such as ``${data.name}`` included."""
    raw: Any = OmegaConf.to_container(overrides, resolve=False)
    return [str(item) for item in raw]


def progress(shown: bool = True) -> Progress:
    """A bar in a terminal, if it shall be shown; nothing in a file."""
    console = Console()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    return Progress(*columns, console=console, disable=not (shown and console.is_terminal))


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
