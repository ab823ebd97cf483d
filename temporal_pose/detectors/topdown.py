"""Detectors that look at one region of a frame at a time, and know from it where to look next."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from temporal_pose.detectors.overlap import intersection_over_union
from temporal_pose.detectors.protocol import Choose, Person
from temporal_pose.footage.frames import Frames

_SAME = 0.5  # overlap from which what is found is somebody who is followed already
_ONE = 0.05  # mean distance of keypoints, over the box's side, below which two people are one


#: Finds people: given a frame, boxes and scores (x, y, width, height, score), image pixels.
Finder = Callable[[UInt8[np.ndarray, "H W 3"]], Float[np.ndarray, "people 5"]]


class Candidate(NamedTuple):
    """Where somebody may be.

    Args:
        place: a box about the body alone, by which people are told apart; image pixels.
        score: how sure one is.
        memory: what a closer look needs to know.
    """

    place: Float[np.ndarray, " 4"]
    score: float
    memory: Float[np.ndarray, " M"]


class TopDown:
    """Base of such detectors.

    Whoever is followed is looked for where the last look said; a frame is searched as a whole only
    when somebody is missing. Subclasses say how: `find`, `look` and `place`.
    """

    def __init__(self) -> None:
        self._followed: list[Candidate | None] = []

    def find(self, image: UInt8[np.ndarray, "H W 3"]) -> list[Candidate]:
        """Everybody in a frame."""
        raise NotImplementedError

    def look(
        self, image: UInt8[np.ndarray, "H W 3"], memory: Float[np.ndarray, " M"]
    ) -> Person | None:
        """The person at a place, if there is one, with the memory for the next frame."""
        raise NotImplementedError

    def __call__(self, images: Frames, choose: Choose) -> list[list[Person | None]]:
        """Looks at consecutive frames; see `temporal_pose.detectors.protocol.Detector`."""
        return [self._frame(image, choose) for image in images]

    def resume(self, memory: Sequence[Float[np.ndarray, " M"] | None]) -> None:
        """Takes the state it had after a frame."""
        self._followed = [
            None if one is None else Candidate(self.place(one), 1.0, one) for one in memory
        ]

    def place(self, memory: Float[np.ndarray, " M"]) -> Float[np.ndarray, " 4"]:
        """The box about the body that a memory speaks of."""
        raise NotImplementedError

    def _frame(self, image: UInt8[np.ndarray, "H W 3"], choose: Choose) -> list[Person | None]:
        known = [one for one in self._followed if one is not None]
        if choose.searching:
            known += list(_others(self.find(image), known))
        places = np.array([one.place for one in known], np.float32).reshape(-1, 4)
        chosen = choose(places, np.array([one.score for one in known], np.float32))
        people: list[Person | None] = []
        for who, which in enumerate(chosen):
            person = None if which is None else self.look(image, known[which].memory)
            if person is not None and any(_one(person, other) for other in people):
                person = None
            if which is not None and person is None:
                choose.lost(who)
            people.append(person)
        self._followed = [None if one is None else _next(one) for one in people]
        return people


def candidates(image: UInt8[np.ndarray, "H W 3"], finder: Finder) -> list[Candidate]:
    """Everybody whom a finder sees in a frame, for detectors whose memory is the person's box."""
    people = np.asarray(finder(image), np.float32).reshape(-1, 5)
    return [Candidate(one[:4], float(one[4]), one[:4]) for one in people]


def _next(person: Person) -> Candidate | None:
    place = person.box if person.place is None else person.place
    return None if person.memory is None else Candidate(place, 1.0, person.memory)


def _others(found: Sequence[Candidate], known: Sequence[Candidate]) -> Iterator[Candidate]:
    """Those found who are nobody known already."""
    places = np.array([one.place for one in known], np.float32).reshape(-1, 4)
    for one in found:
        if not (intersection_over_union(one.place, places) >= _SAME).any():
            yield one


def _one(person: Person, other: Person | None) -> bool:
    """Whether two looks have met the same body."""
    if other is None:
        return False
    apart = np.linalg.norm(person.keypoints - other.keypoints, axis=-1).mean()
    return bool(apart < _ONE * person.box[2:].max())
