"""What ``conf/`` has to choose from; whatever lists options asks here, and so knows new ones."""

from functools import cache
from pathlib import Path
from typing import Any

from temporal_pose.files.conf import CONF
from temporal_pose.files.documents import read_yaml


def options(group: str) -> list[str]:
    """Names of the files of a group, such as ``model``, in alphabetical order."""
    return sorted(file.stem for file in (CONF / group).glob("*.yaml"))


def described(group: str, name: str) -> dict[str, Any]:
    """A file of a group, over the file of that group which it builds upon, if any.

    References to other settings stay as they are.
    """
    content = _read(CONF / group / f"{name}.yaml")
    base: dict[str, Any] = {}
    for parent in content.get("defaults", ()):
        if isinstance(parent, str) and parent != "_self_":
            base |= described(group, parent)
    return base | content


@cache
def _read(path: Path) -> dict[str, Any]:
    return dict(read_yaml(path))


def filters() -> list[str]:
    """Models that are classical filters: those of whole videos, then those of a window."""
    known = {name: described("model", name) for name in options("model")}
    found = [
        name
        for name, about in known.items()
        if str(about.get("network", {}).get("_target_")).startswith("temporal_pose.filters.")
    ]
    return sorted(found, key=lambda name: not known[name].get("whole_videos"))


def networks() -> list[str]:
    """Models that learn, and the identity."""
    others = {*filters(), *shipped()}
    return [name for name in options("model") if name not in others]


def shipped() -> list[str]:
    """Models that come with their weights, for `refine` alone."""
    return [name for name in options("model") if described("model", name).get("shipped")]


def image_sets() -> list[str]:
    """Data sets of single images."""
    return [name for name in options("data") if is_of_images(described("data", name))]


def video_sets() -> list[str]:
    """Data sets of videos."""
    return [name for name in options("data") if not is_of_images(described("data", name))]


def is_of_images(data: Any) -> bool:
    """Whether the settings of a data set are those of single images: its reader tells."""
    reader = data.get("reader") or {}
    return str(reader.get("_target_")).startswith("temporal_pose.data.images.")


def image_experiments() -> list[str]:
    """Experiments of the training of detectors, on single images."""
    names = options("experiment")
    return [name for name in names if described("experiment", name).get("stage") == "detector"]


def whole_filters() -> list[str]:
    """Filters that see whole videos, and the identity: what refines without any training."""
    whole = [name for name in filters() if described("model", name).get("whole_videos")]
    return [*whole, "identity"]


def alike(group: str, choice: str, trained: bool = True) -> list[str]:
    """What can stand in the place of a choice: of single images only what is of images too.

    Args:
        trained: whether a model is trained or tuned; else it has to be one that is ready.
    """
    if group == "data":
        kinds = [image_sets(), video_sets()]
    elif group == "model":
        ready = [*whole_filters(), *shipped()]
        kinds = [sorted({*filters(), *networks()}) if trained else sorted(ready)]
    elif group == "experiment":
        ours = image_experiments()
        kinds = [ours, [name for name in options(group) if name not in ours]]
    else:
        kinds = []
    return next((names for names in kinds if choice in names), options(group))
