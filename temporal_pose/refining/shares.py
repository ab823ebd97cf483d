"""Positions that are shares of an image, told from pixels and made pixels."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip
from temporal_pose.refining.cleaning import missing

#: Shares lie here; some trackers guess a little beyond the image.
_SHARES = (-0.5, 1.5)
#: Share of the coordinates that may lie beyond, on either side.
_BEYOND = 0.05
#: No body in pixels is as small as this.
_LEAST = 2.0
#: Detectors guess beyond the image by this share of it; so many positions may be farther off.
_MARGIN, _SEVERAL = 0.02, 0.02


def clip_in_pixels(clip: Clip) -> Clip:
    """The clip in image pixels; what stands for a missing keypoint stays as it is.

    Raises:
        DataError: shares of an image of unknown size.
    """
    there = ~missing(clip.keypoints)
    scaled = in_pixels(clip.keypoints, there, clip.image_size, clip.name, clip.normalised)
    if scaled is clip.keypoints and not clip.normalised:
        return clip
    return replace(clip, keypoints=scaled, normalised=False)


def in_pixels(
    keypoints: Float[np.ndarray, "*poses 2"],
    there: Bool[np.ndarray, " *poses"],
    image_size: tuple[int, int] | None,
    name: str,
    normalised: bool = False,
) -> Float[np.ndarray, "*poses 2"]:
    """Positions in image pixels.

    They are shares of the image where that is said, or where nearly all lie between 0 and 1,
    which no body in pixels does.

    Args:
        there: what is a position; the others stay as they are.
        image_size: width and height in pixels.
        name: what they are, for an error.
        normalised: says that they are shares.

    Raises:
        DataError: shares of an image of unknown size.
    """
    if not there.any() or not (normalised or _are_shares(keypoints, there)):
        return keypoints
    if image_size is None:
        raise DataError(
            f"{name}: positions are shares of an image whose size is not known; set image_size=, "
            "its width and height in pixels, such as 1920x1080"
        )
    return np.where(there[..., None], keypoints * np.asarray(image_size, float), keypoints)


def _are_shares(
    keypoints: Float[np.ndarray, "*poses 2"], there: Bool[np.ndarray, " *poses"]
) -> bool:
    known = there[..., None]
    number = 2 * np.count_nonzero(there)
    low, high = (
        np.count_nonzero(beyond & known)
        for beyond in (keypoints < _SHARES[0], keypoints > _SHARES[1])
    )
    if max(low, high) <= _BEYOND * number:
        return True
    return bool(number > 2 and not ((np.abs(keypoints) > _LEAST) & known).any())


def beyond(clip: Clip) -> str | None:
    """A sentence where positions lie beyond the image that they are said to be of.

    Args:
        clip: in image pixels, as the file has it.
    """
    if clip.image_size is None:
        return None
    places = clip.keypoints[~missing(clip.keypoints)]
    size = np.asarray(clip.image_size, float)
    off = ((places < -_MARGIN * size) | (places > (1 + _MARGIN) * size)).any(-1)
    if not len(off) or off.mean() <= _SEVERAL:
        return None
    width, height = clip.image_size
    return (
        f"{100 * off.mean():.0f} % of the positions lie beyond an image of {width}x{height}; "
        "check image_size=, as of a picture that was turned"
    )
