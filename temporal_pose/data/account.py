"""A clear account of what was read: it is logged before any work starts."""

from collections.abc import Mapping, Sequence

import numpy as np

from temporal_pose.data.windows import Windows, has_pose
from temporal_pose.files.escaping import one_line
from temporal_pose.pose.sequences import PoseSequence


def account(
    sequences: Sequence[PoseSequence], sides: Mapping[str, Windows], mean_torso: float
) -> list[str]:
    """Lines that say what a data set holds.

    Args:
        sequences: all videos read, of one skeleton.
        sides: the windows of training, validation and test.
        mean_torso: of the training windows, heatmap pixels; where there are none, of the test's.
    """
    frames = sum(len(sequence) for sequence in sequences)
    rates = sorted({sequence.fps for sequence in sequences})
    measured = "training" if "train" in sides else "test"
    lines = [
        f"{len(sequences):,} videos, {frames:,} frames, "
        f"{', '.join(f'{rate:g}' for rate in rates)} frames a second",
        "windows: " + ", ".join(f"{side} {len(windows):,}" for side, windows in sides.items()),
        "videos:  "
        + ", ".join(f"{side} {len(set(w.video.tolist())):,}" for side, w in sides.items()),
        f"mean torso diameter of the {measured} windows: {mean_torso:.2f} heatmap px",
        "missing keypoints: " + _missing(sequences),
    ]
    empty = {s.name: int((~has_pose(s)).sum()) for s in sequences}
    empty = {name: count for name, count in empty.items() if count}
    if empty:
        worst = max(empty, key=lambda name: empty[name])
        lines.append(
            f"{sum(empty.values())} frames of {len(empty)} videos have no pose and are treated as "
            f"gaps (most in {one_line(worst)}: {empty[worst]})"
        )
    return lines


def _missing(sequences: Sequence[PoseSequence]) -> str:
    seen = sum(sequence.visible.sum(0) for sequence in sequences)
    share = 1 - np.asarray(seen) / sum(len(sequence) for sequence in sequences)
    groups = {
        name: float(share[list(members)].mean())
        for name, members in sequences[0].skeleton.groups.items()
    }
    return ", ".join(f"{name.replace('_', ' ')} {part:.0%}" for name, part in groups.items())
