"""What ``conf/`` has to choose from; whatever lists options asks here, and so knows new ones."""

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
    content = read_yaml(CONF / group / f"{name}.yaml")
    base: dict[str, Any] = {}
    for parent in content.get("defaults", ()):
        if isinstance(parent, str) and parent != "_self_":
            base |= described(group, parent)
    return base | content


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
    return [name for name in options("model") if name not in (*filters(), *shipped())]


def shipped() -> list[str]:
    """Models that come with their weights, for `refine` alone."""
    return [name for name in options("model") if described("model", name).get("shipped")]
