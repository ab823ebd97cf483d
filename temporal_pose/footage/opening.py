"""Footage of any kind, by its path."""

from pathlib import Path

from temporal_pose.footage.frames import ENDINGS, Footage


def is_video(source: Path) -> bool:
    """Whether a path is taken for a video: it is no folder, and no image by its name."""
    return not source.is_dir() and source.suffix.lower() not in ENDINGS


def open_footage(source: Path, fps: float | None = None) -> Footage:
    """The frames of a video, of a folder of images, or of one image.

    Args:
        fps: frames a second; None for a video's own.

    Raises:
        DataError: they are not there or cannot be read.
    """
    from temporal_pose.footage.images import Images  # here: an optional extra
    from temporal_pose.footage.video import Video

    return Video(source, fps) if is_video(source) else Images(source, fps)
