"""What holds for every filter, and how settings travel."""

import io
import itertools
import re

import pytest
import torch
from smoothing import applied
from torch.testing import assert_close

from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.filters.filter_module import FilterModule, as_module
from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.filters.kalman import Kalman
from temporal_pose.filters.one_euro import OneEuro
from temporal_pose.filters.savgol import Savgol

RAMP = torch.arange(17.0, dtype=torch.float64)[None, :, None, None]


def test_constant_tracks_are_unchanged(any_filter, make_tracks, walks, gappy):
    still = walks[:, :1].expand_as(walks).clone()
    assert_close(applied(any_filter, make_tracks(still, gappy)), still, rtol=0, atol=1e-9)


def test_translation(any_filter, make_tracks, walks, gappy):
    shift = torch.tensor([300.0, -70.0], dtype=torch.float64)
    moved = applied(any_filter, make_tracks(walks + shift, gappy))
    assert_close(moved, applied(any_filter, make_tracks(walks, gappy)) + shift, rtol=0, atol=1e-7)


def test_coordinates_are_independent(any_filter, make_tracks, walks, gappy):
    swapped = applied(any_filter, make_tracks(walks.flip(-1), gappy)).flip(-1)
    assert_close(swapped, applied(any_filter, make_tracks(walks, gappy)))


def test_windows_and_keypoints_are_independent_and_keep_their_fps(
    any_filter, make_tracks, walks, gappy
):
    fps, corners = (25.0, 60.0, 30.0), torch.tensor([[-50.0, 0.0], [250.0, 200.0]]).double()
    walks = torch.cat([walks, corners.expand(3, 17, 2, 2)], 2)  # all of one size
    gappy = torch.cat([gappy, torch.ones(3, 17, 2, dtype=torch.bool)], 2)
    together = applied(any_filter, make_tracks(walks, gappy, fps))
    for row, keypoint in itertools.product(range(3), range(5)):
        one = (slice(row, row + 1), slice(None), [keypoint, 5, 6])
        alone = applied(any_filter, make_tracks(walks[one], gappy[one], fps[row]))
        assert_close(together[one], alone)
    at_30_fps = applied(any_filter, make_tracks(walks, gappy))
    assert (together[:2] != at_30_fps[:2]).any()


@pytest.mark.parametrize("junk", [1e9, float("nan"), float("inf")])
def test_undetected_values_do_not_matter(any_filter, make_tracks, walks, gappy, junk):
    gappy[2, 9, 3] = True
    spoilt = torch.where(gappy[..., None], walks, junk)
    expected = applied(any_filter, make_tracks(walks, gappy))
    assert torch.isfinite(expected).all()
    assert torch.equal(applied(any_filter, make_tracks(spoilt, gappy)), expected)


def test_a_track_without_detections_is_returned(any_filter, make_tracks, walks, gappy):
    smoothed = applied(any_filter, make_tracks(walks, gappy))
    assert torch.equal(smoothed[2, :, 3], walks[2, :, 3])


def test_a_long_gap_parts_stretches_and_a_short_one_does_not(any_filter, make_tracks, walks):
    detected = torch.ones(3, 17, 5, dtype=torch.bool)
    detected[:, 6:11] = False
    tracks = make_tracks(walks, detected)
    changed = make_tracks(torch.where(RAMP > 8, walks + 50, walks), detected)
    long, short = any_filter.with_settings(max_gap_s=4 / 30), any_filter
    assert torch.equal(applied(long, tracks)[:, :9], applied(long, changed)[:, :9])
    assert_close(applied(long, tracks)[:, 11:], applied(long, make_tracks(walks[:, 11:])))
    assert not torch.equal(applied(short, tracks)[:, :9], applied(short, changed)[:, :9])


def test_a_long_gap_takes_the_nearest_position(any_filter, make_tracks, walks):
    detected = torch.ones(3, 17, 5, dtype=torch.bool)
    detected[:, 6:11], detected[:, :2], detected[:, 15:] = False, False, False
    smoothed = applied(any_filter.with_settings(max_gap_s=0.1), make_tracks(walks, detected))
    nearest = [2, 2, 2, 3, 4, 5, 5, 5, 5, 11, 11, 11, 12, 13, 14, 14, 14]
    assert torch.equal(smoothed, smoothed[:, nearest])


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_short_windows(any_filter, make_tracks, walks, size):
    smoothed = applied(any_filter, make_tracks(walks[:, :size]))
    assert smoothed.shape == (3, size, 5, 2)
    assert torch.isfinite(smoothed).all()


def test_settings_are_in_seconds(any_filter, make_tracks):
    def motion(fps):
        seconds = torch.arange(0, 2, 1 / fps, dtype=torch.float64)[None, :, None, None]
        return 20 * torch.sin(2.5 * seconds + torch.arange(6.0).view(3, 2))

    fine, coarse = (applied(any_filter, make_tracks(motion(fps), fps=fps)) for fps in (60.0, 30.0))
    assert_close(fine[:, ::2], coarse, rtol=0, atol=0.6)
    assert (fine[:, 10:] - fine[:, :-10]).abs().max() > 5


def test_jitter_is_reduced_at_the_last_frame_too(any_filter, make_tracks, rng):
    jitter = rng.normal(size=(2, 41, 300, 2))
    smoothed = applied(any_filter, make_tracks(jitter, fps=60.0))
    assert smoothed[:, -1].std() < 0.93
    assert smoothed[:, 20].std() < 0.75


def test_the_grid_spans_identity_and_heavy_smoothing(any_filter, make_tracks, rng):
    names, values = any_filter.grid.keys(), any_filter.grid.values()
    candidates = [dict(zip(names, combo, strict=True)) for combo in itertools.product(*values)]
    assert 20 <= len(candidates) <= 60
    for fps in (25.0, 60.0):
        jitter = make_tracks(rng.normal(size=(1, 121, 7, 2)), fps=fps)
        filters = [any_filter.with_settings(**settings) for settings in candidates]
        smoothed = [applied(one, jitter) for one in filters]
        assert min((each - jitter.positions).std() for each in smoothed) < 0.05
        assert min(each.std() for each in smoothed) < 0.35


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_the_type_is_that_of_the_input(any_filter, make_tracks, walks, gappy, dtype):
    tracks = make_tracks(walks, gappy)
    smoothed = applied(any_filter, tracks._replace(positions=walks.to(dtype).requires_grad_()))
    assert smoothed.dtype == dtype
    assert not smoothed.requires_grad
    assert_close(smoothed.double(), applied(any_filter, tracks), rtol=0, atol=0.2)


def test_the_input_is_not_changed(any_filter, make_tracks, walks, gappy):
    before = walks.clone()
    applied(any_filter, make_tracks(walks, gappy))
    assert torch.equal(walks, before)


def test_settings_travel_in_a_checkpoint(any_filter, make_tracks, walks):
    tuned = any_filter.with_settings(
        max_gap_s=0.5, **{k: v[1] for k, v in any_filter.grid.items()}
    )
    file = io.BytesIO()
    torch.save(torch.nn.ModuleDict({"network": as_module(tuned)}).state_dict(), file)
    file.seek(0)
    other = torch.nn.ModuleDict({"network": as_module(any_filter.with_settings())})
    other.load_state_dict(torch.load(file, weights_only=True))
    assert other["network"].smoother.settings == tuned.settings != any_filter.settings
    tracks = make_tracks(walks)
    assert torch.equal(other["network"](tracks), applied(tuned, tracks))


def test_a_filter_has_no_parameters_and_tunes_its_own_settings(any_filter):
    assert list(FilterModule(any_filter).parameters()) == []
    assert any_filter.grid.keys() <= any_filter.settings.keys()


def test_the_settings_of_another_filter_are_refused():
    state = FilterModule(Gaussian(sigma_s=0.1)).state_dict()
    message = (
        "the checkpoint holds {'sigma_s': 0.1, 'order': 1.0, 'max_gap_s': 0.25}; expected the "
        "settings of Savgol: window_s, order, max_gap_s. Choose the filter that was saved"
    )
    with pytest.raises(CheckpointError, match=f"^{re.escape(message)}$"):
        FilterModule(Savgol(window_s=0.1, order=2)).load_state_dict(state)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gaussian(sigma_s=0.0), "sigma_s is 0.0; expected a positive number"),
        (
            lambda: Gaussian(sigma_s=0.1, max_gap_s=-1.0),
            "max_gap_s is -1.0; expected zero or a positive number",
        ),
        (lambda: Kalman(acceleration=float("nan")), "acceleration is nan; expected a positive .*"),
        (
            lambda: Kalman(acceleration=1.0, measurement_std=-0.5),
            "measurement_std is -0.5; expected a positive number",
        ),
        (
            lambda: OneEuro(min_cutoff_hz=1.0, beta=-2.0),
            "beta is -2.0; expected zero or a positive number",
        ),
        (
            lambda: OneEuro(min_cutoff_hz=float("inf"), beta=0.0),
            "min_cutoff_hz is inf; expected a positive number",
        ),
        (
            lambda: Savgol(window_s=0.1, order=-1),
            "order is -1; expected zero or a positive integer",
        ),
        (
            lambda: Savgol(window_s=0.1, order=2).with_settings(order=2.5),
            "order is 2.5; expected a value of type int",
        ),
        (
            lambda: Gaussian(sigma_s=0.1).with_settings(sigma=0.2),
            "sigma is no setting of Gaussian; expected sigma_s, order, max_gap_s",
        ),
        (
            lambda: Gaussian(sigma_s=0.1, order=2),
            "order is 2; expected 0 for constants or 1 for lines",
        ),
    ],
)
def test_messages(make, message):
    with pytest.raises(ConfigError, match=f"^{message}$"):
        make()
