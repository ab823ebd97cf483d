"""The people of a side as crops: what workers decode, cut and put into batches."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch.utils.data import Dataset

from temporal_pose.data.images.annotated import People
from temporal_pose.data.images.crop_store import CropStore
from temporal_pose.data.images.cutting import cut, to_image
from temporal_pose.data.images.image_sources import decoded
from temporal_pose.errors import DataError
from temporal_pose.pose.crops import Crops, inverted, mapped


class UnreadableImage(DataError):  # noqa: N818
    """An image that is damaged though its first and last bytes are not.

    A worker's error arrives as a text that holds its trace; the message is what follows its name.
    """

    def __init__(self, text: str) -> None:
        super().__init__(str(text).strip().rpartition(f"{type(self).__name__}: ")[2])


@dataclass(frozen=True)
class CroppedPeople(Dataset[Crops]):
    """Batches of crops by lists of places.

    Args:
        people: of one side.
        squares: the region of each, image pixels; see `temporal_pose.data.images.cutting`.
        size: rows and columns of a crop, S.
        fill: red, green and blue of what is beyond an image.
        store: where crops are kept; None to cut anew each time.
    """

    people: People
    squares: Float[np.ndarray, "N 3"]
    size: int
    fill: tuple[int, int, int]
    store: CropStore | None = None

    def __len__(self) -> int:
        return len(self.people)

    def __getitem__(self, places: list[int]) -> Crops:
        """The crops of some people, as bytes.

        Raises:
            UnreadableImage: an image is damaged.
        """
        where = np.asarray(places)
        people = self.people
        maps = torch.from_numpy(to_image(self.squares[where], self.size))
        points = torch.from_numpy(people.keypoints[where]).double()
        return Crops(
            images=torch.from_numpy(np.stack([self.pixels(place) for place in places])),
            keypoints=mapped(points, inverted(maps)).float(),
            labels=torch.from_numpy(people.labels[where]),
            to_image=maps.float(),
            area=torch.from_numpy(people.areas[where]),
            head=torch.from_numpy(people.heads[where]),
            sample=torch.from_numpy(where.astype(np.int64)),
        )

    def pixels(self, place: int) -> UInt8[np.ndarray, "3 S S"]:
        """One crop."""
        kept = None if self.store is None else self.store.get(place)
        if kept is not None:
            return kept
        image = int(self.people.image[place])
        width, height = self.people.sizes[image].tolist()
        square = self.squares[place]
        try:
            picture = decoded(
                self.people.images[image], (width, height), self.size / float(square[2])
            )
        except DataError as error:
            raise UnreadableImage(str(error)) from None
        crop = cut(picture, square, self.size, self.fill)
        if self.store is not None:
            self.store.put(place, crop)
        return crop
