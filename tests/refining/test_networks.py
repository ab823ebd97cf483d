"""Networks on whole videos: every frame is refined once, whatever its length, gaps and rate."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.filters.gaussian import Gaussian
from temporal_pose.models.correction import Correction
from temporal_pose.models.identity import Identity
from temporal_pose.models.whole_body import WholeBody
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.heatmaps import render
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS, Skeleton
from temporal_pose.refining.filtering import FilterRefiner
from temporal_pose.refining.named_filters import filter_named
from temporal_pose.refining.networks import NetworkRefiner
from temporal_pose.refining.windowed import WindowedNetwork

K, SIZE, T = 25, 17, 3
NOTHING = FilterRefiner(Gaussian(sigma_s=1e-4))  # which only bridges gaps
COCO17 = SKELETONS["coco17"]


def refiner(network: nn.Module, codec: Any = None, box: str = "window", **parts: Any) -> Any:
    own = {name: parts.pop(name) for name in ("frame_step", "fps", "hop") if name in parts}
    length = parts.pop("length", T)
    codec = codec or CoordinateCodec(size=SIZE, held=True)
    model = WindowedNetwork(network, codec, Framing(box=box, size=SIZE), length, **own)
    return NetworkRefiner(model, parts.pop("rest", NOTHING), **parts)


def poses(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """People of 25 keypoints who move evenly and jitter a little, and scores."""
    rng = np.random.default_rng(frames)
    places = rng.uniform(100, 300, (1, K, 2)) + 4 * np.arange(frames)[:, None, None]
    return places + rng.normal(0, 0.5, (frames, K, 2)), rng.uniform(0.1, 1, (frames, K))


def refined(keypoints: np.ndarray, network: nn.Module, fps: float = 30, **parts: Any) -> Any:
    made = refiner(network, **parts)
    return made.refine(keypoints, fps=fps, skeleton="climbalong25")


class Shift(nn.Module):
    """Moves everything by so many heatmap pixels, more in each frame of the window."""

    def forward(self, positions: Tensor) -> Tensor:
        return positions + (2 / (SIZE - 1)) * torch.arange(positions.shape[1])[:, None, None]


@pytest.mark.parametrize("box", ["frame", "window"])
def test_what_changes_nothing_gives_back_what_was_detected(box: str) -> None:
    places, scores = poses(13)
    made = refiner(Identity(), box=box).refine(places, scores, fps=30, skeleton="climbalong25")
    np.testing.assert_allclose(made.keypoints, places, atol=2e-3)
    np.testing.assert_array_equal(made.scores, scores)


def test_windows_begin_at_every_frame_and_their_mean_is_taken() -> None:
    """In box ``frame`` a heatmap pixel is a share of that frame's box, whatever the window."""
    places, _ = poses(8)
    made = refined(places, Shift(), box="frame")
    cell = 1.2 * np.ptp(places, axis=1).max(-1) / SIZE  # boxes are square, with a margin of 0.1
    # by its place in the windows that show it: 0; 0 1; 0 1 2; ...; 1 2; 2
    mean = np.array([0, 0.5, 1, 1, 1, 1, 1.5, 2])
    expected = places + mean[:, None, None] * cell[:, None, None]
    np.testing.assert_allclose(made.keypoints, expected, atol=5e-3)


def test_beyond_the_longest_gap_nothing_is_known_and_within_it_the_motion_goes_on() -> None:
    places, _ = poses(40)
    given = places.copy()
    given[8:22, 3] = np.nan  # 0.47 s
    given[10:12, 4] = np.nan  # 0.07 s
    given[:5, 5] = given[30:, 6] = 0
    given[:, 7] = -1
    made = refined(given, Identity())
    nowhere = np.zeros((40, K), bool)
    nowhere[8:22, 3] = nowhere[:5, 5] = nowhere[30:, 6] = nowhere[:, 7] = True
    np.testing.assert_array_equal(np.isnan(made.keypoints).any(-1), nowhere)
    np.testing.assert_array_equal(made.scores[10:12, 4], 0)
    far = np.abs(made.keypoints[10:12, 4] - places[10:12, 4])
    assert far.max() < 8  # what the windows hold; a frame's step is 4


def test_a_whole_person_missing_follows_the_same_limit() -> None:
    places, _ = poses(40)
    given = places.copy()
    given[8:22] = np.nan
    given[30:33] = np.nan
    made = refined(given, Identity())
    nobody = np.isnan(made.keypoints).all((1, 2))
    np.testing.assert_array_equal(np.flatnonzero(nobody), range(8, 22))


@pytest.mark.parametrize("frames", [1, 2])
def test_fewer_frames_than_a_window_are_left_to_the_filter(frames: int) -> None:
    places, _ = poses(frames)
    made = refined(places, Shift())
    np.testing.assert_allclose(made.keypoints, places, atol=1e-6)


class Turns(nn.Module):
    """Errs to one side, and the next time it is called to the other."""

    def __init__(self) -> None:
        super().__init__()
        self.sign = 1

    def forward(self, positions: Tensor) -> Tensor:
        self.sign = -self.sign
        return positions + 0.3 * self.sign


def test_what_takes_turns_does_not_jitter() -> None:
    """Each half of the frames is off to its own side; blended they are right."""
    even = np.linspace(100, 160, 14)[:, None, None] + np.arange(K)[:, None] * [3, 5]
    made = refined(even, Turns(), frame_step=2)
    np.testing.assert_allclose(made.keypoints[1:-1], even[1:-1], atol=2e-3)


def test_a_rate_is_met_as_nearly_as_leaving_out_frames_can() -> None:
    assert [refiner(Identity(), fps=30).model.step(fps) for fps in (25, 30, 50, 60, 100)] == [
        *(1, 1, 2, 2, 3)
    ]
    even = np.linspace(100, 160, 14)[:, None, None] + np.arange(K)[:, None] * [3, 5]
    made = refined(even, Identity(), fps=59.94, rates=(30.0,))
    np.testing.assert_allclose(made.keypoints, even, atol=2e-3)
    slow = refiner(Identity(), rates=(30.0,)).refine(even, fps=120, skeleton="climbalong25")
    assert slow.remarks[-1] == "the network was trained at 30 frames a second and is given 120"


class Mixes(nn.Module):
    """Every keypoint takes the mean over all: what one says reaches all the others."""

    def forward(self, positions: Tensor) -> Tensor:
        return positions + 0 * positions + positions.mean(2, keepdim=True)


def test_keypoints_without_a_truth_in_training_neither_disturb_nor_are_changed() -> None:
    places, _ = poses(9)
    taught = CLIMBALONG25.keypoints[:12]
    made = refiner(Mixes(), taught=taught)
    whole = made.refine(places, fps=30, skeleton="climbalong25")
    others = places.copy()
    others[:, 12:] += np.random.default_rng(0).normal(0, 1, (9, K - 12, 2))
    again = made.refine(others, fps=30, skeleton="climbalong25")
    np.testing.assert_allclose(whole.keypoints[:, 12:], places[:, 12:], atol=1e-6)
    np.testing.assert_array_equal(whole.keypoints[:, :12], again.keypoints[:, :12])
    assert "left_thumb" in whole.remarks[-1] and "nose" not in whole.remarks[-1]


def test_another_skeleton_comes_back_whole() -> None:
    """A network of 25 keypoints knows 15 of COCO's 17; eyes are the filter's."""
    places, _ = poses(9)
    coco = places[:, :17]
    made = refiner(Identity()).refine(coco, fps=30, skeleton="coco17")
    np.testing.assert_allclose(made.keypoints, coco, atol=2e-3)
    assert made.remarks == ("refined by the filter, not the network: left_eye, right_eye",)
    odd = Skeleton("mine", ("tail", "nose", "left_wrist"))
    made = refiner(Identity()).refine(places[:, :3], fps=30, skeleton=odd)
    assert made.remarks == ("refined by the filter, not the network: tail",)


def test_a_network_asks_for_names() -> None:
    places, _ = poses(9)
    with pytest.raises(ConfigError, match=r"^skeleton is not set; a network knows keypoints by"):
        refiner(Identity()).refine(places, fps=30)


def test_several_people_are_refined_one_by_one() -> None:
    one, _ = poses(9)
    two = np.stack([one, one + 500], 1)
    made = refiner(Identity()).refine(two, fps=30, skeleton="climbalong25")
    np.testing.assert_allclose(made.keypoints, two, atol=2e-3)


def test_times_that_vary_are_read_on_an_even_grid_and_back() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.7, 1.3, 60)) / 30
    start = np.arange(K)[:, None] * [3.0, 5.0]
    places = 100 + start + 60 * times[:, None, None]
    made = refiner(Identity()).refine(places, times=times, skeleton="climbalong25")
    np.testing.assert_allclose(made.keypoints, places, atol=5e-3)


class Maps:
    """A detector's heatmaps in memory."""

    def __init__(self, maps: np.ndarray) -> None:
        self.maps = maps

    @property
    def size(self) -> tuple[int, int]:
        return self.maps.shape[-2], self.maps.shape[-1]

    def read(self, frames: Any) -> Any:
        return self.maps[frames]

    def in_skeleton(self, target: Any) -> "Maps":
        assert target == CLIMBALONG25
        return self


def test_a_detectors_heatmaps_are_read_in_its_boxes() -> None:
    """Blobs at known places of a map that the box shows in cells of 10 by 20 pixels."""
    rng = torch.Generator().manual_seed(0)
    inside = 4 + 8 * torch.rand(7, K, 2, generator=rng)
    maps = render(inside, torch.ones(7, K).bool(), torch.full((7, K), 1.3), SIZE).numpy()
    box = np.tile(np.float32([40, 60, 10 * SIZE, 20 * SIZE]), (7, 1))
    nowhere, found = np.zeros((7, K, 2), np.float32), np.ones((7, K), bool)
    seen = Detections(nowhere, found, np.ones((7, K), np.float32), box, Maps(maps))
    sequence = PoseSequence("v", nowhere, found & False, np.arange(7), 30, detections=seen)
    expected = (inside.numpy() + 0.5) * [10, 20] + [40, 60]
    for codec in (HeatmapCodec(size=SIZE), CoordinateCodec(size=SIZE)):
        made = refiner(Identity(), codec=codec, rest=FilterRefiner(None))
        result = made.refine_sequence(sequence)
        known = np.isfinite(result.keypoints).all(-1)  # places at random jump
        assert known.mean() > 0.5
        np.testing.assert_allclose(result.keypoints[known], expected[known], atol=0.05)


def test_a_video_without_detections() -> None:
    nothing = np.zeros((3, K, 2), np.float32)
    frames = np.arange(3)
    sequence = PoseSequence("v", nothing, np.zeros((3, K), bool), frames, 30)
    with pytest.raises(DataError, match=r"^v holds no detections; expected a detector's output"):
        refiner(Identity()).refine_sequence(sequence)


def corrected(**parts: Any) -> Any:
    """A network that corrects the default smoother, and moves all but nothing."""
    robust = filter_named("robust")
    network = Correction(WholeBody(K, width=5, depth=1))
    codec = CoordinateCodec(size=SIZE, held=True, scores=True, start=True)
    made = refiner(network, codec, length=13, hop=3, rest=robust, start=robust, **parts)
    return made, robust


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_untrained_a_correction_gives_what_the_smoother_does(fps) -> None:
    made, robust = corrected()
    places, scores = poses(40)
    places[7, 3] += 300  # a jump, which is set aside
    places[11:14, 5] = np.nan
    about = {"fps": fps, "skeleton": "climbalong25"}
    given, expected = (one.refine(places, scores, **about) for one in (made, robust))
    np.testing.assert_allclose(given.keypoints, expected.keypoints, atol=2e-3)
    np.testing.assert_array_equal(given.scores, expected.scores)


def test_a_correction_moves_what_it_knows_and_nothing_else() -> None:
    made, robust = corrected(taught=CLIMBALONG25.keypoints[:9])
    nn.init.normal_(made.model.network.network.leave[1].weight)
    places, scores = poses(40)
    about = {"fps": 60.0, "skeleton": "climbalong25"}
    given, expected = (one.refine(places, scores, **about) for one in (made, robust))
    moved = np.linalg.norm(given.keypoints - expected.keypoints, axis=-1)
    assert (moved[:, :9] > 1e-3).mean() > 0.9
    np.testing.assert_array_equal(moved[:, 9:], 0)
    assert any("refined by the filter, not the network" in line for line in given.remarks)


def test_windows_that_hop_blend_without_a_step() -> None:
    """Windows that disagree fade into each other; all frames are refined, the last ones too."""

    class Alternating(nn.Module):
        def forward(self, positions: Tensor) -> Tensor:
            signs = torch.linspace(-1, 1, positions.shape[1])[None, :, None, None]
            return positions + 0.05 * signs

    places, _ = poses(50)
    straight = 200 + np.arange(50)[:, None, None] * np.ones((50, K, 2)) + places[:1] * 0.1
    hopping = refined(straight, Alternating(), length=16, hop=4)
    away = hopping.keypoints - straight
    assert np.isfinite(away).all()
    assert np.abs(np.diff(away, axis=0)).max() < 0.25 * np.ptp(away)


def test_detections_of_another_kind_are_left_to_the_filter() -> None:
    made, robust = corrected(usual={"jitter": (0.0, 1.0), "median score": (0.9, 1.0)})
    nn.init.normal_(made.model.network.network.leave[1].weight)
    places, scores = poses(40)
    about = {"fps": 60.0, "skeleton": "climbalong25"}
    given, expected = (one.refine(places, scores, **about) for one in (made, robust))
    np.testing.assert_array_equal(given.keypoints, expected.keypoints)
    (line,) = [one for one in given.remarks if "not the network" in one]
    assert re.fullmatch(
        r"refined by the filter, not the network, which was taught with other detections: "
        r"median score 0\.\d+, usual 0\.9 to 1",
        line,
    )
    sure = made.refine(places, np.full_like(scores, 0.95), **about)
    assert not any("not the network" in one for one in sure.remarks)
