"""Files of keypoints, in and out: one file a format."""
