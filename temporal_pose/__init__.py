"""Accurate, smooth poses from the jittery per-frame output of a 2D keypoint detector.

One legend for the axes of every array in this package:

==== =======================================================================
B    batch: windows
T    frames in a window
F    frames in a sequence (a video)
K    keypoints of a skeleton
H, W rows and columns of a heatmap
2    (x, y), in this order; x to the right, y downwards
4    a box (x, y, width, height), x and y being its upper left corner
==== =======================================================================

Two frames of reference: *image pixels*, in which readers deliver poses, and *heatmap pixels*, the
grid of ``H x W`` cells a box is divided into (see :mod:`temporal_pose.pose.boxes`).
"""

__version__ = "0.1.0"
