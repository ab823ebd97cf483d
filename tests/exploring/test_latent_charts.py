"""Charts of what was found."""

import io

import numpy as np

from temporal_pose.exploring.latent_charts import branches
from temporal_pose.exploring.skips import SkipsOff


def test_a_keypoints_name_is_never_taken_for_tex() -> None:
    shares = np.array([0.5, np.nan, 0.2], np.float32)
    names = ("a$\\frac{$", "left_hip", "x" * 99)
    figure = branches(SkipsOff(names, shares, shares / 2, (0,), np.zeros((5, 3, 2), np.float32)))
    figure.savefig(io.BytesIO(), format="png")
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks == [r"a\$\frac{\$", "x" * 23 + "…"]
