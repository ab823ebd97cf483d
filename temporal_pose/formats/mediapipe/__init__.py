"""MediaPipe's pose landmarks, in the tables and JSON in which its users keep them."""

from temporal_pose.formats.mediapipe.landmarker import MediaPipe

__all__ = ["MediaPipe"]
