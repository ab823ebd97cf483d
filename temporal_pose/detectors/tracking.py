"""One person among those that a detector sees, from frame to frame."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from temporal_pose.errors import ConfigError


class Tracker:
    """Follows one person by the overlap of boxes.

    The person of a frame is the one whose box overlaps the followed person's last box most, if it
    does so enough. Without one, the frame shows nobody, for as many frames in a row as patience
    lasts; then, as in the first frame, the most confident person is followed.

    Args:
        overlap: least intersection over union with the last box.
        patience: frames in a row in which the person may be missed without another being taken.

    Raises:
        ConfigError: a value out of its range.
    """

    def __init__(self, overlap: float = 0.3, patience: int = 5) -> None:
        if not 0 < overlap < 1:
            raise ConfigError(f"tracker.overlap is {overlap}; expected more than 0, less than 1")
        if patience < 0:
            raise ConfigError(f"tracker.patience is {patience}; expected 0 or more frames")
        self.overlap, self.patience = overlap, patience
        self._box: Tensor | None = None
        self._missed = patience

    def __call__(
        self, boxes: Float[Tensor, "people 4"], scores: Float[Tensor, " people"]
    ) -> int | None:
        """Which of a frame's people is the one to follow; None for nobody.

        Args:
            boxes: x, y, width and height in image pixels.
            scores: how sure the detector is of each.
        """
        chosen = self._same(boxes)
        if chosen is None:
            self._missed += 1
            if self._missed > self.patience:
                self._box = None
                chosen = int(scores.argmax()) if len(scores) else None
        if chosen is not None:
            self._box, self._missed = boxes[chosen], 0
        return chosen

    def resume(self, boxes: Float[np.ndarray, "F 4"]) -> None:
        """Takes the state it had after some frames.

        Args:
            boxes: of the person in every frame so far, NaN where there was nobody.
        """
        seen = np.flatnonzero(np.isfinite(boxes).all(-1))
        self._missed = len(boxes) - 1 - int(seen[-1]) if len(seen) else self.patience
        lost = not len(seen) or self._missed > self.patience
        self._box = None if lost else torch.from_numpy(boxes[seen[-1]])

    def _same(self, boxes: Float[Tensor, "people 4"]) -> int | None:
        if self._box is None or not len(boxes):
            return None
        overlaps = intersection_over_union(self._box, boxes)
        best = int(overlaps.argmax())
        return best if overlaps[best] >= self.overlap else None


def intersection_over_union(
    box: Float[Tensor, " 4"], boxes: Float[Tensor, "N 4"]
) -> Float[Tensor, " N"]:
    """Area that a box shares with each of some others, over the area that the two cover.

    Args:
        box: x, y, width and height, as are those of ``boxes``.
    """
    low = torch.maximum(box[:2], boxes[:, :2])
    high = torch.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    return shared / (box[2:].prod() + boxes[:, 2:].prod(-1) - shared)
