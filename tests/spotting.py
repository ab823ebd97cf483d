"""A detector of one's own, as a user would write it: it sees people in bright spots."""

import numpy as np
from scipy.ndimage import find_objects, label

from temporal_pose.detectors.protocol import Person
from temporal_pose.detectors.topdown import Candidate, TopDown

SIZE = (160, 90)  # of its frames: width and height


class Spots(TopDown):
    """Every bright spot is a person, whose keypoints lie in a row across it.

    Args:
        weights: not needed; kept in the result like those of any detector.
        heatmaps: rows and columns of the heatmaps; None for none.
    """

    skeleton, memory_size = "penn13", 4

    def __init__(self, weights: str | None = None, heatmaps: tuple[int, int] | None = None):
        super().__init__()
        self.heatmap_size = None if heatmaps is None else (heatmaps[0], heatmaps[1])

    def find(self, image):
        numbers, _ = label(image[..., 0] > 128)
        boxes = [
            np.array([x.start, y.start, x.stop - x.start, y.stop - y.start], np.float32)
            for y, x in find_objects(numbers)
        ]
        return [Candidate(box, 0.5 + 0.001 * box[0], box) for box in boxes]

    def look(self, image, memory):
        near = [one for one in self.find(image) if np.abs(one.place - memory).max() < 12]
        if not near:
            return None
        box = near[0].place
        x = box[0] + box[2] * np.linspace(0, 1, 13, dtype=np.float32)
        keypoints = np.stack([x, np.full_like(x, box[1] + box[3] / 2)], 1)
        maps = None
        if self.heatmap_size is not None:
            maps = np.broadcast_to(x[:, None, None] / 999, (13, *self.heatmap_size))
        return Person(box, keypoints, np.full(13, 0.7, np.float32), maps, memory=box)

    def place(self, memory):
        return memory


def spots(*places: tuple[int, int]) -> np.ndarray:
    """A frame with spots of 20 x 30 pixels at these corners."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for x, y in places:
        image[y : y + 30, x : x + 20] = 255
    return image
