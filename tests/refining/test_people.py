"""Tracks of people, from lists in any order."""

import json
import re
import time

import numpy as np
import pytest

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Clip
from temporal_pose.refining.people import PersonTrack, associate

F, K = 60, 7
BODY = np.array([[0, -90], [-30, -50], [30, -50], [-20, 10], [20, 10], [-25, 90], [25, 90]], float)


def walker(rng, start, speed=(0.0, 0.0), frames=F, size=1.0) -> np.ndarray:
    """(F, K, 2): a body 180 px tall that moves at so many px a frame and shakes by a pixel."""
    way = np.array(start, float) + np.arange(frames)[:, None] * np.array(speed)
    return way[:, None] + size * BODY + rng.normal(0, 1, (frames, K, 2))


def clip(frames, keypoints, **about) -> Clip:
    frames, keypoints = np.asarray(frames), np.asarray(keypoints, float)
    return Clip("yard", frames, keypoints, np.ones(keypoints.shape[:2]), **about)


def listed(people: list[np.ndarray], rng) -> tuple[Clip, np.ndarray]:
    """People of the same frames, in another order in each; and who is where."""
    stack = np.stack(people, 1)
    who = np.argsort(rng.random(stack.shape[:2]), axis=1)
    mixed = np.take_along_axis(stack, who[..., None, None], axis=1)
    frames = np.repeat(np.arange(len(stack)), len(people))
    return clip(frames, mixed.reshape(-1, *stack.shape[2:])), who.ravel()


def members(tracks: list[PersonTrack], who: np.ndarray) -> list[list[int]]:
    """Whose poses each track holds, sorted."""
    return sorted(np.unique(who[track.rows]).tolist() for track in tracks)


# ---------------------------------------------------------------------- one person


def test_one_person_is_one_track(rng) -> None:
    (track,) = associate(clip(np.arange(F), walker(rng, (500, 400), (6, 0))))
    np.testing.assert_array_equal(track.rows, np.arange(F))
    np.testing.assert_array_equal(track.frames, np.arange(F))
    assert not track.faulty.any() and track.remarks == () and track.changes == 0


def test_nobody() -> None:
    assert associate(clip(np.zeros(0, int), np.zeros((0, K, 2)))) == []
    assert associate(clip([3, 5], np.zeros((2, K, 2)))) == []
    assert associate(clip([3, 5], np.full((2, K, 2), np.nan))) == []


def test_people_without_keypoints_are_in_no_track(rng) -> None:
    places = np.repeat(walker(rng, (500, 400)), 2, axis=0)
    places[1::2] = [0, 0]
    places[3::4] = -1
    (track,) = associate(clip(np.repeat(np.arange(F), 2), places))
    np.testing.assert_array_equal(track.rows, np.arange(0, 2 * F, 2))


def test_frames_in_any_order_keep_their_numbers(rng) -> None:
    order = rng.permutation(F)
    places = walker(rng, (500, 400), (6, 0))
    (track,) = associate(clip(100 + 2 * order, places[order]))
    np.testing.assert_array_equal(track.frames, 100 + 2 * np.arange(F))
    np.testing.assert_array_equal(order[track.rows], np.arange(F))


@pytest.mark.parametrize(("gap", "tracks"), [(8, 1), (9, 2)])
def test_gaps_are_bridged_up_to_the_longest(gap, tracks, rng) -> None:
    frames = np.concatenate([np.arange(20), np.arange(20, 40) + gap])
    found = associate(clip(frames, walker(rng, (500, 400), frames=40)), max_gap=8)
    assert len(found) == tracks
    if tracks == 2:
        assert found[1].remarks == ("begins after 9 frames without anybody",)


def test_a_quarter_of_the_frames_missing_parts_nothing(rng) -> None:
    places, there = walker(rng, (500, 400), (9, 3)), rng.random(F) > 0.25
    assert len(associate(clip(np.arange(F)[there], places[there]))) == 1


def test_a_body_that_jumps_by_more_than_its_size_is_parted(rng) -> None:
    places = walker(rng, (500, 400))
    places[30:] += [400, 0]
    first, second = associate(clip(np.arange(F), places))
    assert (len(first.rows), len(second.rows)) == (30, 30)
    assert first.remarks == ()
    (remark,) = second.remarks
    assert re.fullmatch(
        r"parted at frame 30: it begins 2\.2 body sizes from where person 1 ends", remark
    )


def test_a_large_step_is_no_parting(rng) -> None:
    places = walker(rng, (500, 400))
    places[30:] += [120, 0]
    assert len(associate(clip(np.arange(F), places))) == 1


def test_a_whole_body_away_for_a_frame_is_a_fault_and_nobody_new(rng) -> None:
    places = walker(rng, (500, 400), (3, 0))
    places[[21, 40]] += [600, -90]
    (track,) = associate(clip(np.arange(F), places))
    assert np.flatnonzero(track.faulty).tolist() == [21, 40]
    assert track.remarks == (
        "2 whole poses are set aside: for a frame the body is somewhere else",
    )


@pytest.mark.parametrize("step", [8, 10])
def test_fast_dancers_at_a_low_rate_stay_one(step, aist) -> None:
    for file in list(aist.values())[::4]:
        places = file["detections"][::step, :, :2].astype(float)
        assert len(associate(clip(np.arange(len(places)), places))) == 1


# ---------------------------------------------------------------------- several people


def test_who_is_first_in_a_list_is_nobody(rng) -> None:
    people = [walker(rng, (300 + 350 * i, 400), (2 - i, 0)) for i in range(3)]
    given, who = listed(people, rng)
    tracks = associate(given)
    assert members(tracks, who) == [[0], [1], [2]]
    assert all(len(track.rows) == F for track in tracks)


def test_a_permutation_of_the_file_gives_the_same_people(rng) -> None:
    given, _ = listed([walker(rng, (300, 400), (3, 1)), walker(rng, (600, 380), (-1, 0))], rng)
    order = rng.permutation(len(given))
    shuffled = clip(given.frames[order], given.keypoints[order])
    rows = {frozenset(track.rows.tolist()) for track in associate(given)}
    again = {frozenset(order[track.rows].tolist()) for track in associate(shuffled)}
    assert rows == again


@pytest.mark.parametrize("scale", [0.1, 30])
def test_place_and_scale_change_nothing(scale, rng) -> None:
    given, _ = listed([walker(rng, (300, 400), (3, 1)), walker(rng, (600, 380), (-1, 0))], rng)
    expected = [track.rows.tolist() for track in associate(given)]
    moved = clip(given.frames, scale * given.keypoints + [9000, 20])
    assert [track.rows.tolist() for track in associate(moved)] == expected


def test_people_who_pass_each_other_stay_themselves(rng) -> None:
    """The motion so far tells them apart where they overlap, for both have the same pose."""
    people = [walker(rng, (300, 400), (8, 0)), walker(rng, (780, 408), (-8, 0))]
    given, who = listed(people, rng)
    assert members(associate(given), who) == [[0], [1]]


def test_a_poster_that_comes_and_goes_is_its_own_person(rng) -> None:
    person, poster = walker(rng, (300, 400), (7, 0)), walker(rng, (560, 250), size=0.4)
    seen = rng.random(F) < 0.5
    places = np.concatenate([person, poster[seen]])
    frames = np.concatenate([np.arange(F), np.flatnonzero(seen)])
    one, other = associate(clip(frames, places))
    np.testing.assert_array_equal(one.rows, np.arange(F))
    np.testing.assert_array_equal(other.rows, np.arange(F, len(places)))


@pytest.mark.parametrize("pattern", ["ab", "aab", "aaaabbb", "random"])
@pytest.mark.parametrize("apart", [90, 500])
def test_two_people_in_turn_in_one_list(pattern, apart, rng) -> None:
    """Also where they stand half a body's size from each other."""
    people = walker(rng, (300, 400), (1, 0)), walker(rng, (300 + apart, 430), (1, 0))
    turns = [pattern[frame % len(pattern)] == "b" for frame in range(F)]
    second = rng.random(F) < 0.5 if pattern == "random" else np.array(turns)
    places = np.where(second[:, None, None], people[1], people[0])
    tracks = associate(clip(np.arange(F), places))
    assert members(tracks, second) == [[False], [True]]
    assert tracks[0].remarks == ("takes turns with person 2: the list holds one of them",)
    assert tracks[1].remarks == ("takes turns with person 1: the list holds one of them",)


def test_two_real_dancers_in_turn(aist) -> None:
    one, other = (
        aist[f"gBR_sBM_c01_d04_mBR0_{name}"]["detections"][..., :2].astype(float)
        for name in ("ch02", "ch03")
    )
    frames = np.arange(len(one))
    places = np.where((frames % 2 == 1)[:, None, None], other + np.array([150, 0]), one)
    assert members(associate(clip(frames, places)), frames % 2) == [[0], [1]]


def test_boxes_help_where_keypoints_do_not(rng) -> None:
    """One keypoint of each, in nearly one place; their boxes are apart."""
    places = np.zeros((2 * F, K, 2))
    places[:, 3] = rng.normal(300, 2, (2 * F, 2))
    boxes = np.array([[200, 100, 200, 400], [290, 280, 40, 60]], float)
    frames, second = np.repeat(np.arange(F), 2), np.tile([0, 1], F)
    given = clip(frames, places, boxes=boxes[second])
    assert members(associate(given), second) == [[0], [1]]


# ---------------------------------------------------------------------- the file's own numbers


def test_ids_of_bodies_are_used_and_changes_told(rng) -> None:
    people = [walker(rng, (300, 400)), walker(rng, (900, 400))]
    given, who = listed(people, rng)
    ids = np.where(given.frames < 30, who, 1 - who) + 5
    tracks = associate(clip(given.frames, given.keypoints, ids=ids))
    assert members(tracks, who) == [[0], [1]]
    own = tracks[who[tracks[0].rows[0]]]
    assert own.changes == 1
    assert own.remarks == ("the file calls this person 5, and 6 from frame 30 on",)


@pytest.mark.parametrize("gap", [0, 40])
def test_a_number_that_jumps_or_was_away_is_parted_and_told(gap, rng) -> None:
    """Beside somebody who is there all the time."""
    people = [walker(rng, (300, 400)), walker(rng, (900, 400))]
    people[1][30:] += [0, 0] if gap else [500, 0]
    given, who = listed(people, rng)
    late = given.frames + gap * (given.frames >= 30) * (who == 1)
    tracks = associate(clip(late, given.keypoints, ids=who + 5))
    assert len(tracks) == 3
    parted, why = tracks[2].remarks[0].split(", though the file calls both 6: ")
    assert parted == f"parted from {name_of(tracks, who, 1)} at frame {30 + gap}"
    assert why == (f"away for {gap} frames" if gap else "it jumps by 2.8 body sizes")


def name_of(tracks: list[PersonTrack], who: np.ndarray, number: int) -> str:
    """What remarks call the first track of somebody."""
    return next(f"person {n}" for n, one in enumerate(tracks, 1) if who[one.rows[0]] == number)


def test_ids_tell_near_people_apart(rng) -> None:
    """Two children who change places in a frame: only the file knows."""
    people = [walker(rng, (300, 400)), walker(rng, (345, 400))]
    people[0][30:], people[1][30:] = people[1][30:].copy(), people[0][30:].copy()
    given, who = listed(people, rng)
    assert members(associate(clip(given.frames, given.keypoints, ids=who)), who) == [[0], [1]]


def test_ids_that_are_places_in_a_list_are_not_used(rng) -> None:
    given, who = listed([walker(rng, (300, 400)), walker(rng, (900, 400))], rng)
    tracks = associate(clip(given.frames, given.keypoints, ids=np.tile([0, 1], F)))
    assert members(tracks, who) == [[0], [1]]
    assert tracks[0].remarks == (
        "the file's numbers of people jump from body to body, and are not used",
    )
    assert tracks[1].remarks == () and tracks[1].changes == 0


# ---------------------------------------------------------------------- limits and speed


def test_a_million_people_in_a_frame_are_refused() -> None:
    places = np.full((1_000_000, 2, 2), 5.0)
    with pytest.raises(DataError) as error:
        associate(clip(np.full(1_000_000, 7), places))
    assert str(error.value) == (
        "yard: frame 7 holds 1,000,000 people; expected at most 1,000: check that frames are "
        "numbered as they should be, or leave out people of low scores"
    )


def test_crowds_and_noise_end_in_time(rng) -> None:
    start = time.process_time()
    associate(clip(np.repeat(np.arange(5), 300), rng.uniform(0, 4000, (1500, K, 2))))
    associate(clip(np.arange(3000), rng.uniform(0, 900, (3000, 1, 2)) + BODY / 9))
    assert time.process_time() - start < 20


def test_speed(rng) -> None:
    """CPU seconds, with room for a busy machine."""
    long = np.tile(walker(rng, (500, 400), frames=720), (150, 1, 1))
    given = clip(np.arange(len(long)), long)
    crowd, _ = listed([walker(rng, (200 * i, 400), frames=1000) for i in range(10)], rng)
    for one, most in ((given, 2.0), (crowd, 4.0)):
        start = time.process_time()
        associate(one)
        assert time.process_time() - start < most


# ---------------------------------------------------------------------- real files


def test_openposes_person_and_the_poster(shared_data) -> None:
    frames, poses = [], []
    for path in sorted((shared_data / "formats" / "openpose_single").glob("*.json")):
        for person in json.loads(path.read_text())["people"]:
            frames.append(int(path.stem.split(".")[-1]))
            poses.append(np.reshape(person["pose_keypoints_2d"], (-1, 3))[:, :2])
    tracks = associate(clip(frames, poses))
    sizes = [np.ptp(np.array(poses)[t.rows][:, :, 1], axis=1).mean() for t in tracks]
    assert [len(track.rows) for track in tracks[:2]] == [40, 40]
    assert len(tracks) <= 3 and all(len(track.rows) < 3 for track in tracks[2:])
    assert min(sizes[:2]) < 0.9 * max(sizes[:2]) or sizes[0] != sizes[1]


def test_two_players_who_change_rows(shared_data) -> None:
    """Ultralytics labels of a badminton match: one plays in the upper half, one in the lower."""
    frames, poses = [], []
    for path in sorted((shared_data / "formats" / "yolo").glob("3_*.txt")):
        for line in path.read_text().splitlines():
            frames.append(int(path.name.split("mp4-")[1][:4]))
            poses.append(np.reshape(line.split()[5:], (-1, 3))[:, :2].astype(float))
    places = np.array(poses) * [1280, 720]
    tracks = associate(clip(frames, places))
    middles = [places[track.rows].mean((0, 1))[1] for track in tracks[:2]]
    assert [len(track.rows) for track in tracks] == [8, 9, 1]
    assert middles[0] < 310 and middles[1] > 430
