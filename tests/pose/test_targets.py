"""What a network of single images should answer, beside scipy."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from temporal_pose.errors import ConfigError
from temporal_pose.pose.targets import Impulses, Peaks

PLACES = torch.tensor([[[3.0, 5.0], [7.3, 2.6], [-4.0, 99.0]], [[6.0, 6.0], [1.2, 8.8], [2, 3]]])
LABELS = torch.tensor([[2, 1, 0], [1, 2, 2]])


def test_our_targets_have_a_peak_of_1_where_the_keypoint_is():
    maps = Peaks(sigma=1.5)(PLACES, LABELS, 11)
    assert maps.shape == (2, 3, 11, 11)
    assert maps[0, 0, 5, 3] == pytest.approx(1)
    y, x = np.mgrid[:11, :11]
    expected = np.exp(-((x - 7.3) ** 2 + (y - 2.6) ** 2) / (2 * 1.5**2))
    assert np.allclose(maps[0, 1], expected, atol=1e-6), "between pixels, though hidden"
    assert not maps[0, 2].any()


def test_the_thesiss_targets_are_blurred_impulses_at_whole_pixels():
    maps = Impulses()(PLACES, LABELS, 11)
    for person, keypoint, (x, y), sigma in ((0, 0, (3, 5), 0.5), (0, 1, (7, 3), 1.0)):
        impulse = np.zeros((11, 11))
        impulse[y, x] = 1
        assert np.allclose(maps[person, keypoint], gaussian_filter(impulse, sigma), atol=1e-7)
    assert maps.sum((-2, -1)).flatten().tolist() == pytest.approx([1, 1, 0, 1, 1, 1])


def test_missing_keypoints_are_left_out_or_count_as_empty_maps():
    assert Peaks().counted(LABELS).equal(LABELS > 0)
    assert Impulses().counted(LABELS).all()
    assert Peaks(missing="empty").counted(LABELS).all()
    assert Impulses(missing="masked").counted(LABELS).equal(LABELS > 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Peaks(sigma=0), "target.sigma is 0; expected a number from 0.1 to 100"),
        (
            lambda: Impulses(hidden=101.0),
            "target.hidden is 101.0; expected a number from 0.1 to 100",
        ),
        (lambda: Peaks(missing="no"), "target.missing is 'no'; expected masked or empty"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ConfigError) as raised:
        make()
    assert str(raised.value) == message
