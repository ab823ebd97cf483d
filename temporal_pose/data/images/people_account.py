"""A clear account of the people that were read: it is logged before any work starts."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from temporal_pose.data.images.annotated import People


def account(people: People, sides: Mapping[str, People], odd: Mapping[str, int]) -> list[str]:
    """Lines that say what a data set of single images holds.

    Args:
        people: all that were taken, with those that were not counted by reason.
        sides: the people of training, validation and test.
        odd: images that needed something, counted by what it is.
    """
    used = np.unique(people.image)
    lines = [
        f"{len(people):,} people in {len(used):,} images, {len(people.skeleton)} keypoints "
        f"({people.skeleton.name})",
        "people: " + ", ".join(f"{side} {len(part):,}" for side, part in sides.items()),
        "images: " + ", ".join(f"{side} {len(np.unique(p.image)):,}" for side, p in sides.items()),
        f"labelled keypoints: {_labelled(people)}",
        f"boxes that touch the border of their image: {_at_border(people):,}",
    ]
    if people.left_out:
        lines.append(f"people left out: {_counts(people.left_out)}")
    if odd:
        lines.append(f"images that are {_counts(odd)}")
    return [*lines, *people.remarks]


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what} {count:,}" for what, count in Counter(counts).most_common())


def _labelled(people: People) -> str:
    hidden, visible = ((people.labels == v).mean(0) for v in (1, 2))
    share = {
        name.replace("_", " "): float((hidden + visible)[list(members)].mean())
        for name, members in people.skeleton.groups.items()
    }
    return (
        ", ".join(f"{name} {part:.0%}" for name, part in share.items())
        + f"; of these {hidden.sum() / (hidden + visible).sum():.0%} hidden"
    )


def _at_border(people: People) -> int:
    sizes = people.sizes[people.image]
    low, high = people.boxes[:, :2], people.boxes[:, :2] + people.boxes[:, 2:]
    return int(((low <= 0.5) | (high >= sizes - 0.5)).any(1).sum())
