"""Synthetic people: a pure function of a seed, with bones, joints and speeds of people."""

from itertools import pairwise
from time import perf_counter

import numpy as np
import pytest

from temporal_pose.data.articulated.body import Body, keypoints
from temporal_pose.data.articulated.climb import climb
from temporal_pose.data.articulated.motion import dance, wander
from temporal_pose.data.synthetic import Synthetic
from temporal_pose.errors import ConfigError
from temporal_pose.pose.skeletons import CLIMBALONG25

TIME = np.arange(211) / 30
MOVES = pytest.mark.parametrize("move", [climb, dance])
SEEDS = pytest.mark.parametrize("seed", range(5))


def moving(move, seed: int) -> tuple[Body, dict[str, np.ndarray]]:
    """A body, and its keypoints in metres by name."""
    body = Body.drawn(np.random.default_rng(seed))
    points = keypoints(body, move(np.random.default_rng(seed + 100), TIME, body))
    return body, dict(zip(CLIMBALONG25.keypoints, points.swapaxes(0, 1), strict=True))


@pytest.fixture(scope="module")
def sequences():
    return Synthetic(subjects=6, videos=4, frames=150, seed=3).read()


def test_shapes_names_and_groups(sequences) -> None:
    assert len(sequences) == 24
    assert len({s.name for s in sequences}) == 24
    assert [s.group for s in sequences[3:5]] == ["subject0", "subject1"]
    assert sum("climb" in s.name for s in sequences) == 12
    assert all(0.85 * 150 - 1 <= len(s) <= 1.15 * 150 + 1 for s in sequences)
    assert {s.keypoints.dtype for s in sequences} == {np.dtype(np.float32)}


def test_a_pure_function_of_its_arguments(sequences) -> None:
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    again = Synthetic(subjects=6, videos=4, frames=150, seed=3).read()
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    for one, other in zip(sequences, again, strict=True):
        np.testing.assert_array_equal(one.keypoints, other.keypoints)
    fewer = Synthetic(subjects=2, videos=4, frames=150, seed=3).read()
    np.testing.assert_array_equal(fewer[5].keypoints, sequences[5].keypoints)
    other_seed = Synthetic(subjects=1, videos=1, frames=150, seed=4).read()[0]
    assert other_seed.keypoints.shape != sequences[0].keypoints.shape or not np.array_equal(
        other_seed.keypoints, sequences[0].keypoints
    )


def test_no_two_videos_are_alike(sequences) -> None:
    for one, other in pairwise(sequences):
        assert not np.array_equal(one.keypoints[:100, 3], other.keypoints[:100, 3])


def test_half_of_the_videos_climb_whatever_their_number() -> None:
    names = [s.name for s in Synthetic(subjects=3, videos=3, frames=5, seed=0).read()]
    assert sum("climb" in name for name in names) == 5


def test_what_is_hidden_is_zero_and_comes_in_stretches(sequences) -> None:
    hidden = np.concatenate([~s.visible for s in sequences])
    assert 0.10 < hidden.mean() < 0.20
    assert 0.08 < hidden.mean(0).min() < hidden.mean(0).max() < 0.30
    changes = np.mean([np.diff(s.visible, axis=0).mean() for s in sequences])
    assert hidden.mean() / (changes / 2) > 8  # frames
    assert not any(s.keypoints[~s.visible].any() for s in sequences)


def test_what_is_seen_is_in_the_picture(sequences) -> None:
    for s in sequences:
        places = s.keypoints[s.visible]
        assert places.min() >= 0
        assert (places <= np.array(s.image_size) - 1).all()


def test_people_move_as_on_real_videos(sequences) -> None:
    """Penn Action: 0.024, 0.138; its baseball pitches: 0.046, 0.225. See the docstring."""
    steps = [_wrist_steps(s) for s in sequences]
    median, high = np.percentile(np.concatenate(steps), [50, 90])
    assert 0.024 < median < 0.08
    assert 0.138 < high < 0.25


def _wrist_steps(sequence) -> np.ndarray:
    """Distances between frames in torso diameters."""
    (shoulder, hip), _ = CLIMBALONG25.torso
    both = sequence.visible[:, shoulder] & sequence.visible[:, hip]
    torso = np.linalg.norm(
        sequence.keypoints[both, shoulder] - sequence.keypoints[both, hip], axis=-1
    ).mean()
    wrists = list(CLIMBALONG25.groups["wrist"])
    steps = np.linalg.norm(np.diff(sequence.keypoints[:, wrists], axis=0), axis=-1) / torso
    seen = sequence.visible[:, wrists]
    return steps[seen[1:] & seen[:-1]]


@MOVES
@SEEDS
def test_limbs_keep_their_lengths(move, seed: int) -> None:
    body, at = moving(move, seed)
    for side in ("left", "right"):
        bones = {
            ("shoulder", "elbow"): body.arm[0],
            ("elbow", "wrist"): body.arm[1],
            ("hip", "knee"): body.leg[0],
            ("knee", "ankle"): body.leg[1],
        }
        for (one, other), length in bones.items():
            found = np.linalg.norm(at[f"{side}_{one}"] - at[f"{side}_{other}"], axis=-1)
            np.testing.assert_allclose(found, length, rtol=1e-9)
    rigid = (("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("nose", "left_ear"))
    rigid += (("left_heel", "left_toes"), ("right_pinky", "right_thumb"))
    for one, other in rigid:
        assert np.ptp(np.linalg.norm(at[one] - at[other], axis=-1)) < 1e-9


@MOVES
@SEEDS
def test_elbows_and_knees_bend_as_they_can(move, seed: int) -> None:
    _, at = moving(move, seed)
    for side in ("left", "right"):
        for one, middle, other in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")):
            upper = at[f"{side}_{middle}"] - at[f"{side}_{one}"]
            lower = at[f"{side}_{other}"] - at[f"{side}_{middle}"]
            lengths = np.linalg.norm(upper, axis=-1) * np.linalg.norm(lower, axis=-1)
            bend = np.degrees(np.arccos((upper * lower).sum(-1) / lengths))
            assert 9.9 < bend.min() < bend.max() < 150.1


@MOVES
@SEEDS
def test_nothing_jumps(move, seed: int) -> None:
    _, at = moving(move, seed)
    fastest = {name: np.linalg.norm(np.diff(p, axis=0), axis=-1).max() for name, p in at.items()}
    assert max(fastest.values()) * 30 < 16  # m/s; a kick or a punch reaches about 10
    assert max(fastest[f"{side}_hip"] for side in ("left", "right")) * 30 < 4


@SEEDS
def test_climbers_go_up_and_face_the_wall(seed: int) -> None:
    _, at = moving(climb, seed)
    assert at["left_hip"][-1, 1] - at["left_hip"][0, 1] > 0.4
    assert (at["left_hip"][:, 0] < at["right_hip"][:, 0]).all()  # the viewer sees the back
    assert min(p[:, 2].min() for p in at.values()) > -0.25  # about at the wall, not behind it
    assert (at["left_shoulder"][:, 1] > at["left_hip"][:, 1]).all()


@SEEDS
def test_dancers_stand_on_the_floor(seed: int) -> None:
    _, at = moving(dance, seed)
    lowest = np.minimum(at["left_ankle"][:, 1], at["right_ankle"][:, 1])
    assert lowest.min() > -0.05  # the body follows its feet softly
    assert np.median(lowest) < 0.25
    assert (at["nose"][:, 1] > at["left_ankle"][:, 1]).all()


def test_signals_keep_to_their_band() -> None:
    time = np.arange(4096) / 32
    signals = wander(np.random.default_rng(0), time, (3, 2), (0.5, 2.0))
    assert signals.shape == (4096, 3, 2)
    np.testing.assert_allclose(signals.std(0), 1, rtol=0.1)
    power = np.abs(np.fft.rfft(signals * np.hanning(4096)[:, None, None], axis=0)) ** 2
    frequency = np.fft.rfftfreq(4096, 1 / 32)
    inside = (frequency > 0.4) & (frequency < 2.1)
    assert power[inside].sum() / power.sum() > 0.999


def test_short_videos_and_other_frame_rates() -> None:
    assert all(len(s) == 1 for s in Synthetic(2, 3, 1, 0).read())
    fast, slow = (Synthetic(1, 2, frames, 7, fps).read() for frames, fps in ((300, 60), (150, 30)))
    assert {s.fps for s in fast} == {60}
    assert np.median(_wrist_steps(fast[1])) < 0.7 * np.median(_wrist_steps(slow[1]))


def test_two_dozen_videos_take_less_than_two_seconds() -> None:
    start = perf_counter()
    Synthetic(6, 4, 150, 1).read()
    assert perf_counter() - start < 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"subjects": 0}, r"^data\.subjects is 0; expected a whole number from 1 on$"),
        ({"videos": -1}, r"^data\.videos is -1; expected a whole number from 1 on$"),
        ({"frames": 0}, r"^data\.frames is 0; expected a whole number from 1 on$"),
        ({"seed": -2}, r"^data\.data_seed is -2; expected a whole number from 0 on$"),
        ({"fps": 0.0}, "^fps is 0.0; expected a positive number$"),
    ],
)
def test_numbers_out_of_range(changed: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Synthetic(**{"subjects": 1, "videos": 1, "frames": 5, "seed": 0, **changed})
