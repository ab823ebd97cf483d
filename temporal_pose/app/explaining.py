"""One line for an error that a user can mend, whichever library raised it."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from hydra.errors import (
    ConfigCompositionException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from temporal_pose.errors import UserError
from temporal_pose.files.ending import system_error_line
from temporal_pose.files.options import image_sets, video_sets


def explain(error: BaseException) -> str | None:
    """One line that says what is wrong and what to do; None for an error that is a bug."""
    for cause in _causes(error):
        if isinstance(cause, UserError):
            return _line(cause)
        if isinstance(cause, MissingConfigException) and cause.options:
            group, _, choice = str(cause.missing_cfg_file).rpartition("/")
            return (
                f"{group} '{choice}' is unknown; expected one of {_offered(group, cause.options)}"
            )
        if type(cause).__name__ == "MisconfigurationException":  # importing it takes seconds
            return f"trainer: {_line(cause)}"
        if isinstance(cause, OSError) and cause.errno is not None:
            return system_error_line(cause, "choose another path, by runs_dir= or out=")
    unknown = re.search(r"Could not override '([^']+)'", str(error))
    if unknown:
        return (
            f"setting '{unknown[1]}' is unknown{_meant(error)}; "
            "--cfg job lists every setting there is"
        )
    several = re.search(r"Ambiguous value for argument '(.+?)'\s*1\. To use", str(error), re.S)
    if several:
        return (
            f"{several[1]} holds a comma, which parts the values of a sweep; add -m for a sweep, "
            "write [a,b] for a list, 29.97 for a number, and quotes about a name: \"out='a,b'\""
        )
    if "Config group override must be" in str(error):
        return (
            "model, data, augment, input, loss, trainer and experiment take a name: model=conv3d"
        )
    composing = (ConfigCompositionException, OverrideParseException, OmegaConfBaseException)
    return _line(error) if isinstance(error, composing) else None


def _offered(group: str, names: Sequence[str]) -> str:
    """Choices; of data sets those of videos first, for most commands take no others."""
    if group != "data":
        return ", ".join(names)
    single, videos = image_sets(), video_sets()
    return f"{', '.join(videos)}; where single images are wanted, of {', '.join(single)}"


def _meant(error: BaseException) -> str:
    """The setting next to the unknown one that is written most like it, if one is."""
    for cause in _causes(error):
        if isinstance(cause, OmegaConfBaseException) and isinstance(cause.parent_node, DictConfig):
            known = [str(key) for key in cause.parent_node if key != "hydra"]
            of = str(cause.full_key).rpartition(".")[0]
            return "".join(
                f", perhaps {of}{'.' * bool(of)}{key} is meant"
                for key in get_close_matches(str(cause.key), known, n=1)
            )
    return ""


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _causes(error: BaseException | None) -> list[BaseException]:
    causes = []
    while error is not None and error not in causes:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes
