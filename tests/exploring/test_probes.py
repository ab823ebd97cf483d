"""Linear probes: what is linear is read, what is not is guessed, and groups stay together."""

import numpy as np

from temporal_pose.exploring.probes import held_out, probes

COUNT = 400
RNG = np.random.default_rng(0)
SCORES = RNG.standard_normal((COUNT, 5)).astype(np.float32)
GROUPS = [f"image {i // 3}" for i in range(COUNT)]


def probe(column: str, values: np.ndarray):
    (one,) = probes(SCORES, {column: values}, GROUPS, seed=0)
    return one


def test_a_number_that_is_linear() -> None:
    one = probe("visible", 3 * SCORES[:, 1] - SCORES[:, 4] + 7)
    assert one.error < 0.05 * one.constant
    assert one.samples == held_out(GROUPS, 0).sum()


def test_a_number_that_is_not_there() -> None:
    values = RNG.standard_normal(COUNT)
    one = probe("visible", values)
    held = held_out(GROUPS, 0)
    expected = np.abs(values[held] - np.median(values[~held])).mean()
    assert one.constant == np.float64(expected)
    assert 0.9 < one.error / one.constant < 1.2


def test_an_angle_wraps() -> None:
    values = np.degrees(np.arctan2(SCORES[:, 0], SCORES[:, 1]))
    turned = (values + 180 + 170) % 360 - 180
    one, other = probe("torso_angle", values), probe("torso_angle", turned)
    assert one.error < 15 < 60 < one.constant <= 180
    assert abs(one.error - other.error) < 0.5


def test_a_group_is_held_out_whole() -> None:
    held = held_out(GROUPS, 0)
    assert 0.25 < held.mean() < 0.35
    for group in set(GROUPS):
        assert len({bool(h) for h, g in zip(held, GROUPS, strict=True) if g == group}) == 1


def test_what_cannot_be_probed_says_why() -> None:
    assert probe("visible", np.full(COUNT, 17.0)).remark == "the same for every sample"
    values = np.where(np.arange(COUNT) < 60, SCORES[:, 0], np.nan)
    assert probe("visible", values).remark == "known of 60 samples, which are too few"
    assert probes(SCORES, {"unheard of": SCORES[:, 0]}, GROUPS, 0) == []
