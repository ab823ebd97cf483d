"""People as arrays."""

import numpy as np
import pytest
from image_sets import somebody

from temporal_pose.data.images.annotated import People
from temporal_pose.errors import ConfigError
from temporal_pose.pose.skeletons import SKELETONS, Skeleton

COCO17, LSP14 = SKELETONS["coco17"], SKELETONS["lsp14"]


def people(*images: int) -> People:
    return People.of([somebody(n, image) for n, image in enumerate(images)], COCO17)


def test_each_image_is_there_once() -> None:
    found = people(7, 5, 7, 3)
    assert found.image_ids == ["7", "5", "3"]
    assert found.image.tolist() == [0, 1, 0, 2]
    assert [one.image.name for one in found] == ["7.jpg", "5.jpg", "7.jpg", "3.jpg"]
    assert found[2].size is None
    given = somebody(2, 7)
    there = given.labels > 0
    np.testing.assert_allclose(found[2].keypoints[there], given.keypoints[there], rtol=1e-6)
    assert (found[2].keypoints[~there] == 0).all()


def test_some_of_them() -> None:
    found = people(7, 5, 7, 3)
    some = found.select(np.array([3, 0]))
    assert some.person_ids == ["3", "0"]
    assert some[0].image_id == "3"
    assert some.areas.tolist() == [3, 0]
    fewer = found.without({1: "odd", 3: "odd"}).without({0: "other"})
    assert fewer.person_ids == ["2"]
    assert fewer.left_out == {"odd": 2, "other": 1}


def test_other_keypoints() -> None:
    arms = Skeleton("arms", ("right_wrist", "left_wrist", "right_elbow"))
    found = people(1, 2, 3)
    fewer = found.in_skeleton(arms)
    places = [COCO17.index(name) for name in arms.keypoints]
    assert np.array_equal(fewer.keypoints, found.keypoints[:, places])
    assert np.array_equal(fewer.labels, found.labels[:, places])
    assert fewer.skeleton == arms


def test_17_keypoints_asked_of_14() -> None:
    found = People.of([somebody(0, 1, keypoints=14)], LSP14)
    with pytest.raises(ConfigError) as caught:
        found.in_skeleton(COCO17)
    assert str(caught.value) == (
        "data.skeleton is coco17 with 17 keypoints; the data set's people are lsp14 with 14 and "
        "have no nose, left_eye, right_eye ..."
    )


def test_people_are_known_by_their_poses() -> None:
    first, second = people(1, 2), people(8, 9)
    assert first.fingerprints() == second.fingerprints()
    assert len(set(first.fingerprints())) == 2
