"""Whether poses, and what is asked of them, fit the video that they are drawn over."""

from collections.abc import Collection, Sequence
from pathlib import Path

from temporal_pose.errors import DataError
from temporal_pose.footage.frames import Footage


def check_fits(
    footage: Footage,
    video: Path,
    lengths: Sequence[int],
    video_start: int | None = None,
    stills: Collection[int] = (),
) -> None:
    """Makes sure that poses can be drawn over a video.

    Args:
        video: path of the footage, for the message.
        lengths: of each person's poses, frames.
        video_start: number of the frame that the poses begin with; None where there are as many
            poses as frames.
        stills: numbers of frames that are wanted as pictures.

    Raises:
        DataError: nothing says where poses begin, and there are not as many as frames; none of
            them are in the video, or a still is not.
    """
    count = footage.count
    for frames in lengths:
        if video_start is None and frames != count:
            than = "more" if frames > count else "fewer"
            raise DataError(
                f"{video} has {count} frames, the keypoints {frames}, "
                f"{abs(frames - count)} {than}; set video_start to the "
                "frame of the video that the keypoints begin with, 0 for its first"
            )
        if video_start is not None and not -frames < video_start < count:
            raise DataError(
                f"{video} has {count} frames; with video_start={video_start} none of the "
                f"{frames} of the keypoints is in it: expected 0 to {count - 1}"
            )
    beyond = sorted(number for number in stills if number >= count)
    if beyond:
        raise DataError(
            f"{video} has {count} frames; stills has {beyond[0]}: expected 0 to {count - 1}"
        )


def remarks(
    footage: Footage,
    length: int,
    video_start: int | None = None,
    size: tuple[int, int] | None = None,
) -> list[str]:
    """What a user should know of poses that are drawn over a video all the same.

    Args:
        length: of the poses, frames.
        video_start: number of the frame that they begin with.
        size: width and height of the image that they are said to be of; None if nothing says so.
    """
    said = []
    outside = max(0, (video_start or 0) + length - footage.count)
    if outside:
        said.append(
            f"the last {outside} frames of the keypoints lie beyond the end of the video, which "
            f"has {footage.count}, and are not drawn"
        )
    if size is not None and size != footage.size:
        of, has = ("x".join(map(str, one)) for one in (size, footage.size))
        said.append(
            f"the keypoints are of an image of {of}, the video has {has}: "
            "is it the one that they were detected in?"
        )
    return said
