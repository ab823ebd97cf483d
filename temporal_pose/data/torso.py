"""The torso of a data set's people: the unit of noise and of PCK."""

import torch

from temporal_pose.data.windows import Windows
from temporal_pose.errors import DataError
from temporal_pose.inputs.protocol import Input
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.metrics import torso_diameter
from temporal_pose.pose.skeletons import Skeleton

_AT_ONCE = 4096  # windows that are measured at once, to bound memory


def mean_torso(windows: Windows, input: Input, framing: Framing, skeleton: Skeleton) -> float:
    """Mean torso diameter over the frames of some windows that show one, heatmap pixels.

    Raises:
        DataError: none does.
    """
    diameters = []
    for part in torch.arange(len(windows)).split(_AT_ONCE):
        framed = input.frame(windows.take(part.tolist(), heatmaps=False), framing)
        diameters.append(torso_diameter(framed.keypoints, framed.visible, skeleton))
    mean = torch.cat(diameters).nanmean().item()
    if not mean > 0:
        raise DataError(
            "no training frame shows a shoulder and the hip of the same side, so there is no "
            "torso diameter, the unit of noise and PCK; expected at least one"
        )
    return mean
