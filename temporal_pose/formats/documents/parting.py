"""All poses of a document parted into clips, one a video."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.formats.clips import Clip, Given
from temporal_pose.formats.documents.listing import Listing
from temporal_pose.formats.documents.numbering import sibling
from temporal_pose.formats.documents.texts import Original
from temporal_pose.pose.skeletons import Skeleton

#: What a document calls a frame: a number, or the name of an image.
Label = int | str


class Kept(NamedTuple):
    """What brings poses back to their places in a document.

    Args:
        original: the document.
        rows: place of each pose among all of the document's.
        values: x, y, score as they are in it.
        graded: whether scores are 0, 1, 2 for missing, hidden and visible.
        labels: what the document calls the frames, by number.
        shares: whether positions are shares of the image, not pixels.
        hides: whether a keypoint graded 0 has no position, whatever the file says.
    """

    original: Original
    rows: Int[np.ndarray, " N"]
    values: Float[np.ndarray, "N K 3"]
    graded: bool
    labels: Mapping[int, Label]
    shares: bool = False
    hides: bool = False


def label_of(kept: Kept, frame: int) -> Label:
    """What a document calls a frame; like its neighbours, if it does not list that one."""
    if frame in kept.labels:
        return kept.labels[frame]
    names = [name for name in kept.labels.values() if isinstance(name, str)]
    return sibling(names[0], frame) if names else frame


@dataclass(frozen=True)
class Told:
    """What a document tells beside the poses.

    Args:
        at: video and number of each frame, by what the document calls the frame.
        titles: of the videos; each differs.
        skeleton: of all poses.
        graded: whether scores are 0, 1, 2 for missing, hidden and visible, as COCO has them:
            what is missing has no position, whatever the file says.
        normalised: whether positions are shares of the image.
        sizes: of the images of a video, where all have one.
        counted: whether each frame of a video is in `at`, those without a person, too.
        remarks: on what was found.
    """

    at: Mapping[Label, tuple[str, int]]
    titles: Mapping[str, str]
    skeleton: Skeleton | None = None
    graded: bool = False
    normalised: bool = False
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    counted: bool = False
    remarks: tuple[str, ...] = ()


def parted(
    listing: Listing, told: Told, original: Original, form: str, given: Given
) -> list[Clip]:
    """The videos of a document; remarks go with the first.

    Args:
        form: name of the format.
        given: says more than the document.

    Raises:
        DataError: the skeleton has another number of keypoints.
    """
    rows: dict[str, list[int]] = {video: [] for video in told.titles}
    for row, label in enumerate(listing.frames):
        rows[told.at[label][0]].append(row)
    labels: dict[str, dict[int, Label]] = {video: {} for video in told.titles}
    for label, (video, frame) in told.at.items():
        labels[video][frame] = label
    clips: list[Clip] = []
    for video, some in rows.items():
        places = np.array(some, np.int64)
        values = listing.values[places]
        kept = Kept(
            original, places, values, told.graded, labels[video], told.normalised, told.graded
        )
        frames = np.array([told.at[listing.frames[row]][1] for row in some], np.int64)
        remarks = () if clips else listing.remarks + told.remarks
        clips.append(_clip(video, listing, told, kept, frames, form, given, remarks))
    return clips


def _clip(
    video: str,
    listing: Listing,
    told: Told,
    kept: Kept,
    frames: Int[np.ndarray, " N"],
    form: str,
    given: Given,
    remarks: tuple[str, ...],
) -> Clip:
    keypoints, scores = read_off(kept)
    skeleton = given.skeleton or told.skeleton
    if not len(frames):
        k = len(skeleton) if skeleton else 0
        keypoints, scores = np.empty((0, k, 2)), np.empty((0, k))
    ids, boxes = listing.ids[kept.rows], listing.boxes[kept.rows]
    numbers = list(kept.labels)
    return Clip(
        told.titles[video],
        frames,
        keypoints,
        scores,
        skeleton=skeleton,
        fps=given.fps,
        image_size=given.image_size or told.sizes.get(video),
        ids=ids if (ids >= 0).any() else None,
        boxes=boxes if np.isfinite(boxes).any() else None,
        count=max(numbers) - min(numbers) + 1 if told.counted and numbers else None,
        normalised=told.normalised,
        rows=kept.rows,
        kept=kept,
        format=form,
        remarks=remarks,
    )


def original_of(clips: Sequence[Clip], form: str) -> Original | None:
    """The one document that all clips came from; None if there is none.

    Args:
        form: name of the format that it has to have.
    """
    own = [one.kept for one in clips if one.format == form and isinstance(one.kept, Kept)]
    originals = {kept.original for kept in own}
    return originals.pop() if len(own) == len(clips) and len(originals) == 1 else None


def read_off(kept: Kept) -> tuple[Float[np.ndarray, "N K 2"], Float[np.ndarray, "N K"]]:
    """Positions, and scores from 0 to 1 where they are grades."""
    keypoints, scores = kept.values[..., :2], kept.values[..., 2]
    if kept.hides:
        hidden = (scores == 0) & keypoints.any(-1)
        keypoints = np.where(hidden[..., None], np.nan, keypoints)
    return keypoints, scores / scores.max(initial=1) if kept.graded else scores


def are_grades(scores: Float[np.ndarray, "*shape"]) -> bool:
    """Whether scores are 0, 1 and 2: for missing, hidden and visible."""
    return bool(scores.any()) and bool(np.isin(scores, (0, 1, 2)).all())
