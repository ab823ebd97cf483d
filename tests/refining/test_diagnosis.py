"""Numbers without a truth, against numbers worked out by hand."""

import numpy as np
import pytest

from temporal_pose.pose.skeletons import SKELETONS, Skeleton
from temporal_pose.refining.calmness import accelerations, band_kept, limb_variation, range_kept
from temporal_pose.refining.cleaning import clean
from temporal_pose.refining.diagnosis import diagnose
from temporal_pose.refining.moments import worst_moments
from temporal_pose.refining.remarks import keypoint_names, remarks

F, K, FPS = 600, 3, 50.0
TIMES = np.arange(F) / FPS
ARM = Skeleton("arm", ("left_shoulder", "left_elbow", "left_wrist"),
               (("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist")))  # fmt: skip
STILL = np.array([[300, 100], [300, 200], [300, 300]], float)


def swaying(amplitude: float, hz: float, keypoint: int = 2, times=TIMES) -> np.ndarray:
    """An arm of 200 px at rest, of which one keypoint sways along x."""
    places = np.tile(STILL, (len(times), 1, 1))
    places[:, keypoint, 0] += amplitude * np.sin(2 * np.pi * hz * times)
    return places


def everywhere(places: np.ndarray) -> np.ndarray:
    return np.ones(places.shape[:2], bool)


# ---------------------------------------------------------------------- jitter


def test_acceleration_of_a_parabola() -> None:
    """x = 3 t^2 frames: the second difference is 6 px/frame² everywhere."""
    frames = np.arange(11.0)
    places = np.stack([3 * frames**2, -4 * frames], -1)[:, None]
    found = accelerations(places, everywhere(places), frames / FPS)
    assert np.isnan(found[[0, -1]]).all()
    np.testing.assert_allclose(found[1:-1], 6)


def test_acceleration_on_an_uneven_clock_is_that_of_the_parabola(rng) -> None:
    steps = rng.uniform(0.7, 1.3, 40)
    times = np.concatenate([[0], np.cumsum(steps / np.median(steps))]) / FPS
    frames = times * FPS
    places = np.stack([3 * frames**2, frames], -1)[:, None]
    np.testing.assert_allclose(accelerations(places, everywhere(places), times)[1:-1], 6)


def test_jitter_looks_only_where_raw_was() -> None:
    places, there = swaying(0, 1), np.ones((F, K), bool)
    there[40] = False
    places[40] = 1e6
    found = accelerations(places, there, TIMES)
    assert np.isnan(found[39:42]).all() and np.isnan(found).sum() == 5 * K
    assert np.nanmax(found) == 0
    raw = np.where(there[..., None], places, np.nan)
    refined = swaying(0, 1)
    refined[40] += [0, 500]  # filled in badly: no second difference of it is counted
    assert diagnose(clean(raw, TIMES), refined, TIMES).jitter == (0, 0)


def test_jitter_of_one_jump() -> None:
    """30 px for a frame: second differences of 30, 60 and 30 px among (F - 2) K."""
    raw = swaying(0, 1)
    raw[50, 1, 1] += 30
    found = diagnose(clean(raw, TIMES), swaying(0, 1), TIMES)
    assert found.jitter == pytest.approx((120 / ((F - 2) * K), 0))
    assert found.frame_s == pytest.approx(1 / FPS)
    assert found.aside == {"off the image": 0, "jumps": 1, "left and right exchanged": 0}


# ---------------------------------------------------------------------- motion kept


@pytest.mark.parametrize("share", [1, 0.59, 0.3])
def test_a_sine_shrunk_by_a_known_factor(share) -> None:
    found = diagnose(clean(swaying(80, 2), TIMES), swaying(80 * share, 2), TIMES)
    assert found.range.share[2] == pytest.approx(share)
    assert found.band.share[2] == pytest.approx(share**2)
    assert found.range.before[2] == pytest.approx(160, rel=0.01)
    assert found.band.before[2] == pytest.approx(80 / np.sqrt(2), rel=0.01)
    assert np.isnan(found.band.share[:2]).all() and np.isnan(found.range.share[:2]).all()
    mean = 80 * (1 - share) * 2 / np.pi / K
    assert found.displacement == pytest.approx(mean, rel=0.01, abs=1e-9)


def test_only_the_band_below_the_cut_off_counts() -> None:
    """10 px at 1 Hz are kept, 10 px at 9 Hz are gone."""
    raw = swaying(10, 1) + swaying(10, 9) - swaying(0, 1)
    slow = swaying(10, 1)
    seen = everywhere(raw)
    assert band_kept(raw, slow, seen, TIMES, 5).share[2] == pytest.approx(1, abs=3e-3)
    assert band_kept(raw, slow, seen, TIMES, 20).share[2] == pytest.approx(0.5, abs=3e-3)


def test_band_kept_does_not_mind_drift_gaps_or_clock(rng) -> None:
    times = np.cumsum(rng.uniform(0.8, 1.2, F)) / FPS
    drift = 40 * times[:, None, None] * np.array([1.0, -0.5])
    raw, refined = (swaying(a, 2, times=times) + drift for a in (80, 40))
    seen = rng.random((F, K)) > 0.1
    found = band_kept(raw, refined, seen, times, 5)
    assert found.share[2] == pytest.approx(0.25, abs=0.01)


def test_a_person_seen_in_every_second_frame() -> None:
    """As good as a clip of half the rate; a frame stays one of the clip's."""
    raw, refined = (swaying(a, 2) for a in (80, 40))
    raw[1::2] = np.nan
    found = diagnose(clean(raw, TIMES), refined, TIMES)
    half = diagnose(clean(raw[::2], TIMES[::2]), refined[::2], TIMES[::2])
    np.testing.assert_allclose(found.jitter, np.array(half.jitter) / 4)
    np.testing.assert_allclose(found.band.share, half.band.share)
    assert found.band.share[2] == pytest.approx(0.25)
    assert remarks(found)[-1] == "filled in: 50 % of the frames, for nothing was seen in them"


def test_motion_is_not_told_from_too_little() -> None:
    places = swaying(80, 2)[:15]
    seen = everywhere(places)
    assert np.isnan(band_kept(places, places, seen, TIMES[:15], 5).share).all()
    assert np.isnan(range_kept(places, places, seen).share).all()
    assert np.isnan(band_kept(places[:1], places[:1], seen[:1], TIMES[:1], 5).share).all()
    assert np.isnan(band_kept(places[:0], places[:0], seen[:0], TIMES[:0], 5).share).all()


def test_set_aside_detections_are_no_motion() -> None:
    raw = swaying(80, 2)
    raw[100::50, 2, 1] += 170
    cleaned = clean(raw, TIMES)
    assert cleaned.jumped.sum() == 10
    found = diagnose(cleaned, swaying(80, 2), TIMES)
    assert found.range.share[2] == pytest.approx(1)
    assert found.band.share[2] == pytest.approx(1)
    assert found.displacement == 0 and found.largest.pixels == 0


def test_long_tracks_are_measured_in_samples() -> None:
    times = np.arange(90_000) / FPS
    raw, refined = (swaying(a, 2, times=times) for a in (80, 40))
    found = diagnose(clean(raw, times), refined, times, ARM)
    assert found.range.share[2] == pytest.approx(0.5)
    assert found.band.share[2] == pytest.approx(0.25)


# ---------------------------------------------------------------------- the rest


def test_limb_variation_by_hand() -> None:
    """A limb of 100 px in one half of the frames and 140 px in the other: 20 / 120."""
    places = swaying(0, 1)
    places[::2, 2, 1] += 40
    limbs = ARM.limb_indices
    assert limb_variation(places, everywhere(places), limbs[1:]) == pytest.approx(20 / 120)
    assert limb_variation(places, everywhere(places), limbs[:1]) == 0
    assert np.isnan(limb_variation(places, everywhere(places), ()))


def test_what_is_filled_in_and_changed() -> None:
    raw = swaying(0, 1)
    raw[10:13] = np.nan
    raw[20:25, 1] = 0
    refined = swaying(0, 1)
    refined[30, 2] += [3, 4]
    refined[:2] = np.nan
    found = diagnose(clean(raw, TIMES), refined, TIMES, ARM, changes=2)
    assert found.filled.tolist() == [3, 8, 3]
    assert found.frames_filled == 3
    assert found.given == F * K - 3 * K - 5
    assert found.largest == (30, 2, 5)
    assert found.displacement == pytest.approx(5 / (F * K - 3 * K - 5 - 2 * K))
    assert found.changes == 2


def test_noise_is_told_from_fast_changes(rng) -> None:
    raw = swaying(80, 0.5) + rng.normal(0, 2, (F, K, 2))
    found = diagnose(clean(raw, TIMES), raw, TIMES)
    np.testing.assert_allclose(found.noise, 2, rtol=0.15)


def test_exchanges_are_counted_as_moments(rng) -> None:
    pair = Skeleton("hands", ("left_hand", "right_hand"))
    raw = np.array([[100, 100], [300, 100]]) + rng.normal(0, 1, (F, 2, 2))
    given = raw.copy()
    for first in (50, 200):
        given[first : first + 3] = raw[first : first + 3, ::-1]
    found = diagnose(clean(given, TIMES, pair), raw, TIMES, pair)
    assert found.swaps == 2
    assert found.aside["left and right exchanged"] == 12


# ---------------------------------------------------------------------- moments


def test_the_worst_moments_in_their_order() -> None:
    raw = swaying(0, 1)
    raw[100, 1] += [170, 0]  # a jump
    raw[300:310, 2] += [0, 60]  # corrected
    raw[590, 0] = [1e9, 5]  # off the image
    cleaned = clean(raw, TIMES, image_size=(640, 480))
    worst = diagnose(cleaned, swaying(0, 1), TIMES).worst
    assert [(one.at, one.keypoint, one.why) for one in worst] == [
        (590, 0, "off the image, set aside"),
        (100, 1, "jump, set aside"),
        (300, 2, "large correction"),
    ]
    assert worst[1].pixels == pytest.approx(170)
    assert [(one.first, one.last) for one in worst] == [(565, 599), (75, 125), (275, 325)]


def test_there_are_at_most_ten(rng) -> None:
    raw = swaying(0, 1) + rng.normal(0, 3, (F, K, 2))
    cleaned = clean(raw, TIMES)
    off = np.linalg.norm(raw - swaying(0, 1), axis=-1)
    found = worst_moments(cleaned, off, np.zeros((F, K)), 1 / FPS)
    assert len(found) == 10
    assert [one.pixels for one in found] == sorted((one.pixels for one in found), reverse=True)
    assert found[0].pixels == off.max()
    ats = np.sort([one.at for one in found])
    assert np.diff(ats).min() > 25
    assert worst_moments(clean(raw[:0], TIMES[:0]), off[:0], off[:0], 1.0) == ()


# ---------------------------------------------------------------------- remarks


def test_nothing_is_said_of_a_track_that_is_only_calmer(rng) -> None:
    smooth = swaying(80, 1)
    raw = smooth + rng.normal(0, 1, (F, K, 2))
    assert remarks(diagnose(clean(raw, TIMES, ARM), smooth, TIMES, ARM), ARM) == ()


def test_lost_motion_is_told_by_name_and_share() -> None:
    found = diagnose(clean(swaying(80, 2), TIMES, ARM), swaying(0.59 * 80, 2), TIMES, ARM)
    assert "motion lost: 41 % of the left wrist's range" in remarks(found, ARM)
    assert "motion lost: 41 % of the keypoint 3's range" in remarks(found)


def test_lost_power_is_told_where_the_range_is_kept() -> None:
    """A slow walk is kept, the swing on top of it is not."""
    raw, refined = swaying(100, 0.04) + swaying(15, 3) - swaying(0, 1), swaying(100, 0.04)
    (line,) = remarks(diagnose(clean(raw, TIMES, ARM), refined, TIMES, ARM), ARM)
    assert line.startswith("motion lost: ")
    assert line.endswith(" % of the left wrist's power below 5 Hz")


def test_a_still_keypoint_that_is_calmed_has_lost_nothing(rng) -> None:
    raw = swaying(0, 1) + rng.normal(0, 3, (F, K, 2))
    found = diagnose(clean(raw, TIMES, ARM), swaying(0, 1), TIMES, ARM)
    assert found.range.share.max() < 0.01
    assert remarks(found, ARM) == ()


def test_every_other_remark() -> None:
    smooth = swaying(0, 1)
    raw = smooth.copy()
    raw[:200, 1] = np.nan
    raw[200:600:8, 0] += [90, 0]
    rough = smooth.copy()
    rough[250::2, 2] += [0, 90]
    found = diagnose(clean(raw, TIMES, ARM), rough, TIMES, ARM)
    share = 50 / (F * K - 200)
    assert remarks(found, ARM, np.arange(F) + 1000) == (
        f"not calmer: jitter was {found.jitter[0]:.2f} px/frame², and is {found.jitter[1]:.2f}",
        "filled in: 33 % of the left elbow's positions, for nothing was seen of it",
        f"set aside: {100 * share:.0f} % of the detections, jumps",
        "moved far: the left wrist by 90 px at frame 1250, 45 % of the body's size",
        f"limbs vary more: their lengths by {100 * found.limbs[1]:.0f} % of themselves, before by "
        f"{100 * found.limbs[0]:.0f} %",
    )


def test_a_body_without_extent_moves_far_too() -> None:
    """All its keypoints in one place, as of heatmaps that are the same everywhere."""
    raw, moved = np.full((F, K, 2), 40.0), np.full((F, K, 2), 40.0)
    moved[5, 2] += [0, 25]
    said = remarks(diagnose(clean(raw, TIMES, ARM), moved, TIMES, ARM), ARM)
    assert any("moved far: the left wrist by 25 px at frame 5" in line for line in said), said


def test_many_keypoints_share_three_lines() -> None:
    names = tuple(f"p{i}" for i in range(7))
    raw = np.tile(np.arange(7)[:, None] * [50.0, 20.0], (F, 1, 1))
    raw[..., 0] += 80 * np.sin(2 * np.pi * TIMES)[:, None]
    refined = raw.mean(0) + 0.5 * (raw - raw.mean(0))
    lines = remarks(diagnose(clean(raw, TIMES), refined, TIMES), Skeleton("seven", names))
    assert [line for line in lines if "range" in line] == [
        "motion lost: 50 % of the p0's range",
        "motion lost: 50 % of the p1's range",
        "motion lost: 50 % of the p2's range (and 4 more keypoints)",
    ]


def test_names_of_keypoints() -> None:
    assert keypoint_names(2, None) == ["keypoint 1", "keypoint 2"]
    assert keypoint_names(17, SKELETONS["coco17"])[13] == "left knee"


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_very_short_tracks(frames) -> None:
    raw = swaying(0, 1)[:frames]
    found = diagnose(clean(raw, TIMES[:frames], ARM), raw, TIMES[:frames], ARM)
    assert found.frames == frames and found.displacement == 0
    assert remarks(found, ARM) == ()


def test_nothing_there() -> None:
    raw = np.zeros((30, K, 2))
    found = diagnose(clean(raw, TIMES[:30], ARM), np.full((30, K, 2), np.nan), TIMES[:30], ARM)
    assert found.largest is None and found.given == 0 and found.worst == ()
    assert np.isnan(found.displacement) and remarks(found, ARM) == ()


def test_place_and_scale(rng) -> None:
    raw = swaying(80, 2) + rng.normal(0, 2, (F, K, 2))
    refined = swaying(60, 2)
    one = diagnose(clean(raw, TIMES, ARM), refined, TIMES, ARM)
    other = diagnose(clean(3 * raw + 700, TIMES, ARM), 3 * refined + 700, TIMES, ARM)
    np.testing.assert_allclose(other.jitter, 3 * np.array(one.jitter))
    np.testing.assert_allclose(other.band.share, one.band.share)
    np.testing.assert_allclose(other.range.share, one.range.share)
    np.testing.assert_allclose(other.limbs, one.limbs)
    assert [(m.at, m.keypoint) for m in other.worst] == [(m.at, m.keypoint) for m in one.worst]


def test_too_much_smoothing_of_a_real_dance_is_told(dance) -> None:
    """The truth itself is fine; its mean over a second is not."""
    truth, times = dance["truth"].astype(float), np.arange(720) / 60
    raw = np.where(dance["visible"][..., None], dance["detections"][..., :2], np.nan)
    cleaned = clean(raw.astype(float), times, SKELETONS["coco17"])
    fine = remarks(diagnose(cleaned, truth, times, SKELETONS["coco17"]), SKELETONS["coco17"])
    assert not any("motion lost" in line for line in fine)
    padded = np.pad(truth, ((30, 30), (0, 0), (0, 0)), mode="edge")
    flat = np.lib.stride_tricks.sliding_window_view(padded, 61, axis=0).mean(-1)
    lines = remarks(diagnose(cleaned, flat, times, SKELETONS["coco17"]), SKELETONS["coco17"])
    assert sum("motion lost" in line for line in lines) >= 3
