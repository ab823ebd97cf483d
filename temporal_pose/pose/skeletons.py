"""Skeletons: which keypoints a pose has, how they are called, and how one set maps to another.

Each is a YAML file, those that come along in ``conf/skeletons``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Shaped

from temporal_pose.errors import ConfigError
from temporal_pose.files.conf import CONF
from temporal_pose.files.documents import UnreadableError, read_yaml

_MOST = 1000  # keypoints: more than any skeleton, and less than would take minutes
_FIELDS = ("keypoints", "limbs", "pairs", "stands_for")


@dataclass(frozen=True)
class Skeleton:
    """Named keypoints in a fixed order.

    Sides are prefixes, ``left_`` and ``right_``, as seen from the person, unless `pairs` says
    otherwise.

    Args:
        name: what files and the configuration call it.
        keypoints: K names, in the order of the arrays.
        limbs: pairs of names that a drawing joins.
        stands_for: keypoints that count as another skeleton's keypoint of a different name.
        pairs: pairs of names that a mirrored picture exchanges, beside those told by a prefix.
    """

    name: str
    keypoints: tuple[str, ...]
    limbs: tuple[tuple[str, str], ...] = ()
    stands_for: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.keypoints)

    def index(self, keypoint: str) -> int:
        """Position of a keypoint; raises ``ValueError`` for a name this skeleton lacks."""
        return self.keypoints.index(keypoint)

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """Permutation that exchanges left and right, as a mirrored picture needs it."""
        other = {a: b for pair in self.pairs for a, b in (pair, pair[::-1])}
        opposite = (other.get(name, _other_side(name)) for name in self.keypoints)
        return tuple(
            self.index(there) if there in self.keypoints else place
            for place, there in enumerate(opposite)
        )

    @cached_property
    def groups(self) -> Mapping[str, tuple[int, ...]]:
        """Keypoint indices by name without side: 13 groups for the 25 keypoints of ClimbAlong."""
        groups: dict[str, tuple[int, ...]] = {}
        for index, name in enumerate(self.keypoints):
            group = name.removeprefix("left_").removeprefix("right_")
            groups[group] = (*groups.get(group, ()), index)
        return groups

    @cached_property
    def limb_indices(self) -> tuple[tuple[int, int], ...]:
        """Limbs as pairs of keypoint indices."""
        return tuple((self.index(a), self.index(b)) for a, b in self.limbs)

    @cached_property
    def torso(self) -> tuple[tuple[int, int], ...]:
        """Shoulder and hip of each side that has both: what measures a torso."""
        sides = (("left_shoulder", "left_hip"), ("right_shoulder", "right_hip"))
        known = [pair for pair in sides if set(pair) <= set(self.keypoints)]
        return tuple((self.index(shoulder), self.index(hip)) for shoulder, hip in known)


def _other_side(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name


@cache
def skeleton(name: str) -> Skeleton:
    """The skeleton of that name, or of a YAML file of one's own.

    Args:
        name: one of `SKELETONS`, or a path that ends in ``.yaml`` or ``.yml``.

    Raises:
        ConfigError: no skeleton has that name, and the message lists those there are; or a file
            that cannot be read or does not describe one.
    """
    if not name.endswith((".yaml", ".yml")):
        if name not in SKELETONS:
            known = ", ".join(SKELETONS)
            raise ConfigError(
                f"skeleton '{name}' is unknown; expected one of {known}, or a file NAME.yaml"
            )
        return SKELETONS[name]
    return _read(Path(name).expanduser())


def _read(path: Path) -> Skeleton:
    try:
        content = read_yaml(path)
    except (OSError, UnreadableError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"skeleton '{path}' cannot be read: {reason}") from error
    return described(path.stem, content, str(path))


def described(name: str, content: Any, where: str) -> Skeleton:
    """A skeleton of what a YAML file says: ``keypoints``, and if it likes ``limbs``, ``pairs`` and
    ``stands_for``.

    Args:
        where: the file, for the message.

    Raises:
        ConfigError: it does not describe a skeleton; the message says what is wrong.
    """
    if not isinstance(content, dict) or not _names(content.get("keypoints")):
        raise ConfigError(f"skeleton '{where}' has no keypoints; expected keypoints: [NAME, ...]")
    for odd in content.keys() - set(_FIELDS):
        raise ConfigError(f"skeleton '{where}' has '{odd}'; expected {', '.join(_FIELDS)}")
    keypoints = tuple(content["keypoints"])
    if len(keypoints) > _MOST:
        raise ConfigError(
            f"skeleton '{where}' has {len(keypoints)} keypoints; expected at most {_MOST}"
        )
    twice = [one for one, count in Counter(keypoints).items() if count > 1]
    if twice:
        raise ConfigError(f"skeleton '{where}' names keypoint '{min(twice)}' twice")
    limbs, pairs = (_pairs(content.get(what), what, keypoints, where) for what in _FIELDS[1:3])
    others = content.get("stands_for") or {}
    texts = isinstance(others, dict) and all(isinstance(one, str) for one in others.values())
    if not texts or not others.keys() <= set(keypoints):
        raise ConfigError(f"skeleton '{where}': stands_for is no mapping of its keypoints")
    return Skeleton(name, keypoints, limbs, {str(a): str(b) for a, b in others.items()}, pairs)


def _names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _pairs(
    value: Any, what: str, keypoints: Sequence[str], where: str
) -> tuple[tuple[str, str], ...]:
    if value is not None and not isinstance(value, list):
        raise ConfigError(f"skeleton '{where}': {what} is {value}; expected a list of pairs")
    for pair in value or ():
        if not _names(pair) or len(pair) != 2 or not set(pair) <= set(keypoints):
            raise ConfigError(
                f"skeleton '{where}': {what} has {pair}; expected two names of its keypoints"
            )
    return tuple((a, b) for a, b in value or ())


#: Those that come along, by name.
SKELETONS: Mapping[str, Skeleton] = {
    file.stem: _read(file) for file in sorted((CONF / "skeletons").glob("*.yaml"))
}

#: The skeleton of the thesis.
CLIMBALONG25 = SKELETONS["climbalong25"]


def remap(
    keypoints: Shaped[np.ndarray, "*frames Ks C"],
    visible: Bool[np.ndarray, "*frames Ks"],
    source: Skeleton,
    target: Skeleton = CLIMBALONG25,
) -> tuple[Shaped[np.ndarray, "*frames Kt C"], Bool[np.ndarray, "*frames Kt"]]:
    """Reorders keypoints of one skeleton into another.

    Keypoints the source lacks are zero and not visible; those the target lacks are dropped.

    Args:
        keypoints: any C values a keypoint, for example x and y.
        visible: which of them are there.
    """
    names, wanted = (
        [one.stands_for.get(name, name) for name in one.keypoints] for one in (source, target)
    )
    found = [(names.index(name), i) for i, name in enumerate(wanted) if name in names]
    taken, placed = ([pair[side] for pair in found] for side in (0, 1))
    out = np.zeros((*keypoints.shape[:-2], len(target), keypoints.shape[-1]), keypoints.dtype)
    seen = np.zeros((*visible.shape[:-1], len(target)), bool)
    seen[..., placed] = visible[..., taken]
    out[..., placed, :] = np.where(visible[..., taken, None], keypoints[..., taken, :], 0)
    return out, seen
