"""The frame of every command: Hydra outside, and one line for an error that a user can mend."""

import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import hydra
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from temporal_pose.errors import UserError

_PACKAGE = Path(__file__).parent

#: The configuration: inside an installed package, beside it in a checkout.
CONF = next(p for p in (_PACKAGE / "conf", _PACKAGE.parent / "conf") if p.is_dir())


def command(name: str) -> Callable[[Callable[[DictConfig], None]], Callable[[], None]]:
    """Makes a command of a function of a configuration.

    Errors that a user can mend are shown as one line, and the exit status is 2; anything else is
    a bug and shows its trace.

    Args:
        name: of the primary configuration, a file in ``conf/``.
    """

    def decorate(job: Callable[[DictConfig], None]) -> Callable[[], None]:
        def main() -> None:
            os.environ["HYDRA_FULL_ERROR"] = "1"  # errors arrive here instead of being printed
            quiet()
            run = hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)(job)
            try:
                run()
            except KeyboardInterrupt:
                sys.exit("interrupted; the same command continues")
            except (UserError, HydraException, OmegaConfBaseException, OSError) as error:
                line = explain(error)
                if line is None:
                    raise
                print(f"error: {line}", file=sys.stderr)
                sys.exit(2)

        return main

    return decorate


def quiet() -> None:
    """Silences remarks that do not concern a user of this package."""
    for message in (".*does not have many workers.*", ".*exists and is not empty.*"):
        warnings.filterwarnings("ignore", message)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)


def explain(error: BaseException) -> str | None:
    """One line that says what is wrong and what to do; None for an error that is a bug."""
    for cause in _causes(error):
        if isinstance(cause, UserError):
            return " ".join(str(cause).split())
        if isinstance(cause, OSError) and cause.errno is not None:
            where = f" ({cause.filename})" if cause.filename else ""
            return f"{cause.strerror}{where}; make room or choose another runs_dir="
    if isinstance(error, MissingConfigException) and error.options:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        return f"{group} '{choice}' is unknown; expected one of {', '.join(error.options)}"
    if isinstance(error, ConfigCompositionException | OmegaConfBaseException):
        return " ".join(str(error).split())
    if isinstance(error, HydraException) and error.__cause__ is None:
        return " ".join(str(error).split())
    return None


def _causes(error: BaseException | None) -> list[BaseException]:
    causes = []
    while error is not None and error not in causes:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes
