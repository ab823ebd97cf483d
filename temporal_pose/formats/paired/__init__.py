"""The paired layout: what a real detector saw in a video, with or without the truth beside it.

One file a video, ``.npz`` or a ``.zarr`` folder (format 2 or 3) of arrays of the same names, F
frames, K keypoints of the file's own skeleton, positions in image pixels:

- ``heatmaps`` (F, K, h, w) of the detector's ``boxes`` (F, 4: x, y, width, height), with or
  without ``scores`` (F, K); float32, float16, or uint8 times ``heatmap_scale`` (one number, (F,)
  or (F, K)). A frame in which it found nobody has a box of NaN and heatmaps that mean nothing;
- or ``detections`` (F, K, 3: x, y, score), NaN where not detected. Beside heatmaps they are
  ignored: a file has one detector;
- ``truth`` (F, K, 2) and ``visible`` (F, K) bool; where false, the truth means nothing. Training
  needs both; what a detector alone writes has neither;
- ``times`` (F,), seconds, in what was detected in a video of a variable frame rate;
- ``fps``, ``image_size`` (width, height), ``skeleton`` (a name of
  :data:`temporal_pose.pose.skeletons.SKELETONS`): arrays, or attributes of the ``.zarr`` group.

Heatmaps in ``.zarr`` are read by the frame. Those in ``.npz`` are read whole, once, and stay in
memory: use it for small ones.
"""

from temporal_pose.formats.paired.writer import LayoutWriter

__all__ = ["LayoutWriter"]
