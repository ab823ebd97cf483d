"""What is no position, and what is not to be believed."""

import numpy as np
import pytest

from temporal_pose.formats.clips import Clip
from temporal_pose.pose.skeletons import SKELETONS, Skeleton
from temporal_pose.refining.cleaning import body_size, clean, missing, sure

COCO17 = SKELETONS["coco17"]
F, K, FPS = 110, 5, 30.0
TIMES = np.arange(F) / FPS
FIVE = np.array([[300, 200], [200, 300], [400, 300], [250, 400], [350, 400]], float)
PAIRED = Skeleton("five", ("nose", "left_hand", "right_hand", "left_foot", "right_foot"))


@pytest.fixture
def body(rng) -> np.ndarray:
    """Five points 200 px apart that sway by 40 px at 0.7 Hz, with a pixel of noise."""
    sway = 40 * np.sin(2 * np.pi * 0.7 * TIMES)
    return FIVE + sway[:, None, None] * [1, 0.4] + rng.normal(0, 1, (F, K, 2))


def clip(keypoints: np.ndarray, **about) -> Clip:
    return Clip(
        "walk", np.arange(len(keypoints)), keypoints, np.ones(keypoints.shape[:2]), **about
    )


# ---------------------------------------------------------------------- what is no position


@pytest.mark.parametrize(
    "place",
    [(0, 0), (-1, -1), (0, -1), (np.nan, 5), (5, np.nan), (np.inf, 5), (5, -np.inf)],
)
def test_markers_are_missing(place) -> None:
    assert missing(np.array([[place, (3, 7)]], float)).tolist() == [[True, False]]


@pytest.mark.parametrize("place", [(0, 12), (12, 0), (-1, 12), (-3, -3), (1e-9, 0), (0.5, 0.5)])
def test_places_on_a_border_are_places(place) -> None:
    assert not missing(np.array([[place]], float)).any()


def test_nan_scores_of_given_positions_are_sure() -> None:
    scores = np.array([[0.2, np.nan, np.nan, 0.9]])
    absent = np.array([[False, False, True, True]])
    assert sure(scores, absent).tolist() == [[0.2, 1, 0, 0]]


# ---------------------------------------------------------------------- jumps


def test_a_calm_track_keeps_everything(body) -> None:
    cleaned = clean(body, TIMES, PAIRED)
    assert cleaned.usable.all()
    assert sum(cleaned.reasons.values()) == 0


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_jumps_there_and_back_are_set_aside(frames, body) -> None:
    body[40 : 40 + frames, 2] += [150, -90]
    aside = clean(body, TIMES, PAIRED).jumped
    expected = np.zeros((F, K), bool)
    expected[40 : 40 + frames, 2] = True
    np.testing.assert_array_equal(aside, expected)


def test_a_jump_that_stays_is_none(body) -> None:
    body[40:, 2] += [150, -90]
    assert clean(body, TIMES, PAIRED).usable.all()


def test_jumps_beside_gaps_and_on_an_uneven_clock(body, rng) -> None:
    times = np.cumsum(rng.uniform(0.7, 1.3, F)) / FPS
    sway = 40 * np.sin(2 * np.pi * 0.7 * times)
    places = body.mean(0) + sway[:, None, None] * [1, 0.4]
    places[49, 1] = np.nan
    places[50, 1] += 180
    places[51:53] = np.nan
    cleaned = clean(places, times, PAIRED)
    assert np.argwhere(cleaned.aside).tolist() == [[50, 1]]
    assert np.argwhere(cleaned.missing).tolist() == [
        [49, 1],
        *([frame, k] for frame in (51, 52) for k in range(K)),
    ]


def test_fast_motion_is_no_jump() -> None:
    """2 Hz, 80 px, on a body of 200 px, at 30 frames a second and at 12."""
    for fps in (30, 12):
        times = np.arange(90) / fps
        places = np.tile(FIVE, (90, 1, 1))
        places[:, 2, 0] += 80 * np.sin(2 * np.pi * 2 * times)
        assert clean(places, times, PAIRED).usable.all()


def test_faulty_frames_are_set_aside_whole(body) -> None:
    faulty = np.zeros(F, bool)
    faulty[17] = True
    body[17, 3] = 0
    cleaned = clean(body, TIMES, PAIRED, faulty=faulty)
    assert cleaned.jumped[17].tolist() == [True, True, True, False, True]
    assert cleaned.jumped.sum() == 4


# ---------------------------------------------------------------------- far off


@pytest.mark.parametrize("size", [(640, 480), None])
def test_what_lies_far_off_the_image_is_set_aside(size, body) -> None:
    body[3, 1], body[4, 2], body[5, 0] = (1e9, 3), (-1e9, -1e9), (300, 20_000)
    cleaned = clean(body, TIMES, PAIRED, size)
    assert np.argwhere(cleaned.outside).tolist() == [[3, 1], [4, 2], [5, 0]]
    assert np.isfinite(cleaned.keypoints).all()


def test_a_little_off_the_image_is_fine(body) -> None:
    assert clean(body - [350, 0], TIMES, PAIRED, (640, 480)).usable.all()


# ---------------------------------------------------------------------- left and right


def test_exchanges_are_masked_and_nothing_is_moved(body) -> None:
    given = body.copy()
    given[30:33, [1, 2]] = body[30:33, [2, 1]]
    cleaned = clean(given, TIMES, PAIRED)
    expected = np.zeros((F, K), bool)
    expected[30:33, 1:3] = True
    np.testing.assert_array_equal(cleaned.exchanged, expected)
    np.testing.assert_array_equal(cleaned.keypoints, given)
    assert not cleaned.jumped.any()


def test_an_exchange_of_the_whole_body_takes_close_pairs_along(body, rng) -> None:
    """Both feet are in one place: of these alone nobody could tell."""
    body[:, 3:] = body[:, 3:].mean(1, keepdims=True) + rng.normal(0, 1, (F, 2, 2))
    seven = np.concatenate([body, body[:, 1:3] + [0, 60]], axis=1)
    names = (*PAIRED.keypoints, "left_elbow", "right_elbow")
    skeleton = Skeleton("seven", names)
    given = seven.copy()
    given[30:33] = seven[30:33][:, skeleton.mirror]
    masked = clean(given, TIMES, skeleton).exchanged
    expected = np.zeros((F, 7), bool)
    expected[30:33, 1:] = True
    np.testing.assert_array_equal(masked, expected)


def test_a_lasting_exchange_is_told_and_used(body) -> None:
    given = body.copy()
    given[30:50, [1, 2]] = body[30:50, [2, 1]]
    cleaned = clean(given, TIMES, PAIRED)
    assert cleaned.usable.all()
    assert cleaned.lasting.sum() == 40


def test_crossing_hands_are_no_exchange() -> None:
    """They pass through each other and come back, as in walking seen from the side."""
    places = np.tile(FIVE, (F, 1, 1))
    places[:, 1:3] = [300, 300]
    swing = 60 * np.sin(2 * np.pi * 1.1 * TIMES)
    places[:, 1, 0] += swing
    places[:, 2, 0] -= swing
    assert clean(places, TIMES, PAIRED).usable.all()


def test_without_a_skeleton_nobody_knows_sides(body) -> None:
    body[30:33, [1, 2]] = body[30:33][:, [2, 1]]
    assert not clean(body, TIMES).exchanged.any()


# ---------------------------------------------------------------------- invariance


@pytest.mark.parametrize("scale", [0.5, 7.0])
def test_place_scale_and_mirror_change_nothing(scale, body) -> None:
    body[40, 2] += 150
    body[60:63, [1, 2]] = body[60:63][:, [2, 1]]
    body[80, 4] = np.nan
    expected = clean(body, TIMES, PAIRED)
    assert expected.aside.sum() == 7
    for other in (scale * body, body + np.array([5000, 300]), 1000 - body):
        found = clean(other, TIMES, PAIRED)
        np.testing.assert_array_equal(found.aside, expected.aside)
        np.testing.assert_array_equal(found.missing, expected.missing)
    slower = clean(body, 2 * TIMES, PAIRED)
    np.testing.assert_array_equal(slower.exchanged, expected.exchanged)


def test_keypoints_are_judged_one_by_one(body) -> None:
    body[40, 2] += 150
    order = [3, 1, 4, 0, 2]
    found = clean(body[:, order], TIMES).aside
    np.testing.assert_array_equal(found, clean(body, TIMES).aside[:, order])


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
def test_short_tracks(frames) -> None:
    cleaned = clean(np.full((frames, K, 2), 50.0), np.arange(frames) / FPS, PAIRED, (640, 480))
    assert cleaned.usable.shape == (frames, K) and cleaned.usable.all()


def test_nothing_there() -> None:
    cleaned = clean(np.zeros((7, K, 2)), np.arange(7) / FPS, PAIRED)
    assert cleaned.missing.all() and not cleaned.aside.any()
    assert body_size(cleaned.keypoints, cleaned.usable) == 0


def test_size_of_a_body() -> None:
    places = np.array([[[10, 10], [40, 110], [20, 60]]] * 3, float)
    places[1, 1] = 0
    there = ~missing(places)
    assert body_size(places, there) == 100
    moving = np.linspace(0, 500, 101)[:, None, None] + np.array([[10.0, 10.0], [15.0, 10.0]])
    assert body_size(moving, ~missing(moving)) == pytest.approx(450)


# ---------------------------------------------------------------------- real tracks


def test_clean_real_tracks_lose_next_to_nothing(aist) -> None:
    """Pseudo ground truth is smooth: whatever is set aside there is set aside wrongly."""
    lost = total = 0
    for file in list(aist.values())[::3]:
        for step in (1, 2, 4):
            truth = np.where(file["visible"][..., None], file["truth"], np.nan)[::step]
            cleaned = clean(truth.astype(float), np.arange(len(truth)) * step / 60, COCO17)
            lost, total = lost + cleaned.aside.sum(), total + (~cleaned.missing).sum()
    assert lost < 2e-5 * total


def test_what_is_set_aside_of_real_detections_was_wrong(aist) -> None:
    errors, others = [], []
    for file in list(aist.values())[::2]:
        places, seen = file["detections"][..., :2].astype(float), file["visible"]
        cleaned = clean(places, np.arange(len(places)) / 60, COCO17, (1920, 1080))
        off = np.linalg.norm(places - file["truth"], axis=-1)
        errors.append(off[cleaned.aside & seen])
        others.append(off[cleaned.usable & seen])
    assert np.median(np.concatenate(errors)) > 60 > 8 * np.median(np.concatenate(others))


def test_faults_put_into_a_real_clip_are_found(dance, rng) -> None:
    places = dance["detections"][..., :2].astype(float)
    times = np.arange(len(places)) / 60
    jumped = rng.random(places.shape[:2]) < 0.01
    given = np.where(jumped[..., None], places + rng.choice([-200, 200], places.shape), places)
    found = clean(given, times, COCO17, (1920, 1080))
    assert (found.aside & jumped).sum() > 0.85 * jumped.sum()
    assert (found.aside & ~jumped).sum() < 0.001 * jumped.size
    given, touched = places.copy(), np.zeros_like(jumped)
    for first in range(20, len(places) - 3, 40):
        given[first : first + 3] = places[first : first + 3][:, COCO17.mirror]
        touched[first : first + 3, 1:] = True
    found = clean(given, times, COCO17, (1920, 1080))
    assert (found.exchanged & touched).sum() > 0.85 * touched.sum()
    assert not (found.exchanged & ~touched).any()
