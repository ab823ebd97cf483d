"""Skeletons: which keypoints a pose has, how they are called, and how one set maps to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Shaped

from temporal_pose.errors import ConfigError


@dataclass(frozen=True)
class Skeleton:
    """Named keypoints in a fixed order.

    Sides are prefixes, ``left_`` and ``right_``, as seen from the person.

    Args:
        name: what the paired layout's ``skeleton`` field and the configuration call it.
        keypoints: K names, in the order of the arrays.
        limbs: pairs of names that a drawing joins.
        stands_for: keypoints that count as another skeleton's keypoint of a different name.
    """

    name: str
    keypoints: tuple[str, ...]
    limbs: tuple[tuple[str, str], ...] = ()
    stands_for: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keypoints)

    def index(self, keypoint: str) -> int:
        """Position of a keypoint; raises ``ValueError`` for a name this skeleton lacks."""
        return self.keypoints.index(keypoint)

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """Permutation that exchanges left and right, as a mirrored picture needs it."""
        return tuple(self.index(_other_side(name)) for name in self.keypoints)

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
    def torso(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The diagonals that measure a torso: left shoulder to right hip, and its mirror image."""
        diagonals = (("left_shoulder", "right_hip"), ("right_shoulder", "left_hip"))
        first, second = ((self.index(a), self.index(b)) for a, b in diagonals)
        return first, second


def _other_side(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name


def _sides(*names: str) -> tuple[str, ...]:
    return tuple(f"{side}_{name}" for name in names for side in ("left", "right"))


def _both(*limbs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{s}_{a}", f"{s}_{b}") for a, b in limbs for s in ("left", "right"))


_ARMS_AND_LEGS = (
    *_both(("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle")),
    *_both(("shoulder", "hip")),
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
)
_HANDS_AND_FEET = _both(
    ("wrist", "pinky"),
    ("wrist", "index_finger"),
    ("wrist", "thumb"),
    ("ankle", "heel"),
    ("heel", "toes"),
)

#: The skeleton of this project: BlazePose's 33 landmarks without eyes and mouth.
CLIMBALONG25 = Skeleton(
    "climbalong25",
    (
        "nose",
        *_sides("ear", "shoulder", "elbow", "wrist", "pinky", "index_finger", "thumb"),
        *_sides("hip", "knee", "ankle", "heel", "toes"),
    ),
    (("nose", "left_ear"), ("nose", "right_ear"), *_ARMS_AND_LEGS, *_HANDS_AND_FEET),
)

#: COCO person keypoints (Lin et al., ECCV 2014).
COCO17 = Skeleton(
    "coco17",
    ("nose", *_sides("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")),
    (("nose", "left_eye"), ("nose", "right_eye"), *_both(("eye", "ear")), *_ARMS_AND_LEGS),
)

#: Penn Action (Zhang, Zhu, Derpanis, ICCV 2013). The thesis lets its head count as nose.
PENN13 = Skeleton(
    "penn13",
    ("head", *_sides("shoulder", "elbow", "wrist", "hip", "knee", "ankle")),
    (("head", "left_shoulder"), ("head", "right_shoulder"), *_ARMS_AND_LEGS),
    stands_for={"head": "nose"},
)

#: MPII Human Pose (Andriluka et al., CVPR 2014), in its own order.
MPII16 = Skeleton(
    "mpii16",
    (
        *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
        *("pelvis", "thorax", "neck", "head_top"),
        *("right_wrist", "right_elbow", "right_shoulder"),
        *("left_shoulder", "left_elbow", "left_wrist"),
    ),
    (("pelvis", "thorax"), ("thorax", "neck"), ("neck", "head_top"), *_ARMS_AND_LEGS),
)

#: BlazePose's 33 landmarks (Bazarevsky et al., 2020), in MediaPipe's order.
BLAZEPOSE33 = Skeleton(
    "blazepose33",
    (
        "nose",
        *("left_eye_inner", "left_eye", "left_eye_outer"),
        *("right_eye_inner", "right_eye", "right_eye_outer"),
        *_sides("ear", "mouth", "shoulder", "elbow", "wrist", "pinky", "index_finger", "thumb"),
        *_sides("hip", "knee", "ankle", "heel", "toes"),
    ),
    (("nose", "left_ear"), ("nose", "right_ear"), *_ARMS_AND_LEGS, *_HANDS_AND_FEET),
)

SKELETONS: Mapping[str, Skeleton] = {
    skeleton.name: skeleton for skeleton in (CLIMBALONG25, COCO17, PENN13, MPII16, BLAZEPOSE33)
}


def skeleton(name: str) -> Skeleton:
    """The skeleton of that name.

    Raises:
        ConfigError: no skeleton has that name; the message lists those there are.
    """
    if name not in SKELETONS:
        raise ConfigError(f"skeleton '{name}' is unknown; expected one of {', '.join(SKELETONS)}")
    return SKELETONS[name]


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
    taken, placed = (list(column) for column in zip(*found, strict=True))
    out = np.zeros((*keypoints.shape[:-2], len(target), keypoints.shape[-1]), keypoints.dtype)
    seen = np.zeros((*visible.shape[:-1], len(target)), bool)
    seen[..., placed] = visible[..., taken]
    out[..., placed, :] = np.where(visible[..., taken, None], keypoints[..., taken, :], 0)
    return out, seen
