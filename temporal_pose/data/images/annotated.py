"""What every reader of single images yields: people, each in an image."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, Int64, UInt8

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.skeletons import Skeleton, remap

#: An image: a file, or what draws it, red, green and blue.
Source = Path | Callable[[], UInt8[np.ndarray, "H W 3"]]

#: Share of its box that a person covers: the mean over COCO's people; for sets without areas.
COVERED = 0.53


@dataclass(frozen=True)
class Annotated:
    """One person in one image, in image pixels; the centre of the upper left pixel is (0, 0).

    Args:
        image: the file, or what draws it.
        image_id: unique within the data set; people of one image never stand on two sides.
        person_id: unique within the data set.
        keypoints: positions (x, y); anything where ``labels`` is 0.
        labels: COCO's v: 0 not labelled, 1 labelled though hidden, 2 labelled and visible.
        box: x, y, width and height.
        area: of the person, pixels²; what OKS divides by.
        head: size of the head as PCKh has it; NaN where unknown.
        size: width and height of the image as the annotation tells, None where it does not.
        part: what the data set calls the part that it is in, as ``train2017``.
    """

    image: Source
    image_id: str
    person_id: str
    keypoints: Float[np.ndarray, "K 2"]
    labels: Int[np.ndarray, " K"]
    box: Float[np.ndarray, "4"]
    area: float
    head: float = float("nan")
    size: tuple[int, int] | None = None
    part: str = ""


@dataclass(frozen=True)
class People(Sequence[Annotated]):
    """The people of a data set, or of a side of its split, as arrays: a set may have 150,000.

    Args:
        skeleton: names of the K keypoints.
        images: each image once.
        image_ids: of each image.
        sizes: width and height of each image as annotated; 0 where not told.
        parts: the part that each image is in.
        person_ids: of each person.
        image: of each person, the place in ``images``.
        keypoints: zero where ``labels`` is 0.
        labels: see `Annotated`.
        boxes: x, y, width and height.
        areas: pixels².
        heads: pixels, NaN where unknown.
        left_out: people that a reader found and did not take, by reason.
        remarks: sentences for the account.
    """

    skeleton: Skeleton
    images: Sequence[Source]
    image_ids: Sequence[str]
    sizes: Int64[np.ndarray, "I 2"]
    parts: Sequence[str]
    person_ids: Sequence[str]
    image: Int64[np.ndarray, " N"]
    keypoints: Float[np.ndarray, "N K 2"]
    labels: Int64[np.ndarray, "N K"]
    boxes: Float[np.ndarray, "N 4"]
    areas: Float[np.ndarray, " N"]
    heads: Float[np.ndarray, " N"]
    left_out: Mapping[str, int] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        people: Sequence[Annotated],
        skeleton: Skeleton,
        left_out: Mapping[str, int] | None = None,
        remarks: Sequence[str] = (),
    ) -> "People":
        """The same people as arrays.

        Raises:
            DataError: there are none, or two have the same name.
        """
        if not people:
            reasons = ", ".join(f"{why}: {n}" for why, n in (left_out or {}).items())
            raise DataError(
                "the data set has no people with labelled keypoints"
                + (f" (left out: {reasons})" if reasons else "")
                + "; check data.root"
            )
        _refuse_twice(people)
        first: dict[str, Annotated] = {}
        for one in people:
            first.setdefault(one.image_id, one)
        place = {name: i for i, name in enumerate(first)}
        labels = np.stack([one.labels for one in people]).astype(np.int64)
        keypoints = np.stack([one.keypoints for one in people]).astype(np.float32)
        return cls(
            skeleton=skeleton,
            images=[one.image for one in first.values()],
            image_ids=list(first),
            sizes=np.array([one.size or (0, 0) for one in first.values()], np.int64),
            parts=[one.part for one in first.values()],
            person_ids=[one.person_id for one in people],
            image=np.array([place[one.image_id] for one in people], np.int64),
            keypoints=np.where(labels[..., None] > 0, keypoints, 0).astype(np.float32),
            labels=labels,
            boxes=np.stack([one.box for one in people]).astype(np.float32),
            areas=np.array([one.area for one in people], np.float32),
            heads=np.array([one.head for one in people], np.float32),
            left_out=dict(left_out or {}),
            remarks=tuple(remarks),
        )

    def __len__(self) -> int:
        return len(self.person_ids)

    def __getitem__(self, index: int) -> Annotated:  # type: ignore[override]
        image = int(self.image[index])
        width, height = self.sizes[image].tolist()
        return Annotated(
            image=self.images[image],
            image_id=self.image_ids[image],
            person_id=self.person_ids[index],
            keypoints=self.keypoints[index],
            labels=self.labels[index],
            box=self.boxes[index],
            area=float(self.areas[index]),
            head=float(self.heads[index]),
            size=(width, height) if width else None,
            part=self.parts[image],
        )

    def select(self, which: Int[np.ndarray, " n"]) -> "People":
        """Some of the people, by their places, with the images of all."""
        return replace(
            self,
            person_ids=[self.person_ids[i] for i in which.tolist()],
            image=self.image[which],
            keypoints=self.keypoints[which],
            labels=self.labels[which],
            boxes=self.boxes[which],
            areas=self.areas[which],
            heads=self.heads[which],
        )

    def without(self, reasons: Mapping[int, str]) -> "People":
        """The people but for some, told by their places, who are counted by the reason."""
        kept = np.array([i for i in range(len(self)) if i not in reasons], np.int64)
        counts = Counter(self.left_out) + Counter(reasons.values())
        return replace(self.select(kept), left_out=dict(counts))

    def in_skeleton(self, target: Skeleton) -> "People":
        """The same people by the keypoints of another skeleton.

        Raises:
            ConfigError: it has keypoints that these people have no labels of.
        """
        if target == self.skeleton:
            return self
        own = {self.skeleton.stands_for.get(name, name) for name in self.skeleton.keypoints}
        wanted = [target.stands_for.get(name, name) for name in target.keypoints]
        missing = [name for name in wanted if name not in own]
        if missing:
            raise ConfigError(
                f"data.skeleton is {target.name} with {len(target)} keypoints; the data set's "
                f"people are {self.skeleton.name} with {len(self.skeleton)} and have no "
                f"{', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}"
            )
        there = self.labels > 0
        keypoints, _ = remap(self.keypoints, there, self.skeleton, target)
        labels, _ = remap(self.labels[..., None], there, self.skeleton, target)
        return replace(self, skeleton=target, keypoints=keypoints, labels=labels[..., 0])

    def fingerprints(self) -> list[str]:
        """Tells each person by the labelled keypoints, whatever the files are called."""
        return [
            hashlib.sha256(labels.tobytes() + points.tobytes()).hexdigest()[:16]
            for labels, points in zip(self.labels, self.keypoints, strict=True)
        ]


def _refuse_twice(people: Sequence[Annotated]) -> None:
    ((name, count),) = Counter(one.person_id for one in people).most_common(1)
    if count > 1:
        raise DataError(f"person '{name}' is there {count} times; expected each one once")


@runtime_checkable
class PeopleReader(Protocol):
    """A data set of single images: reads its files and yields the people in them."""

    def read(self) -> People:
        """The people, in a fixed order.

        Raises:
            DataError: a missing folder, or a file that is damaged or lacks a field.
        """
        ...
