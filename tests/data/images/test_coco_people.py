"""COCO's people: tiny files as COCO writes them, and 60 of its images beside another reader."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from image_sets import RUNS, annotation, content, keypoints

from temporal_pose.data.images.coco_people import COCO17, CocoPeople
from temporal_pose.errors import ConfigError, DataError


def test_a_person_is_read_as_it_stands(coco) -> None:
    seen = keypoints()
    seen[3:6], seen[8] = [0, 0, 0], 1
    root = coco(content(annotation(7, keypoints=seen)))
    (person,) = CocoPeople(root).read()
    assert person.image == root / "train2017" / "000000000011.jpg"
    assert (person.image_id, person.person_id, person.part) == ("11", "7", "train2017")
    assert person.size == (50, 30)
    assert person.labels.tolist() == [2, 0, 1, *[2] * 14]
    assert person.keypoints[:3].tolist() == [[5, 3], [0, 0], [7, 5]]
    assert person.box.tolist() == [4.5, 2.25, 19, 21]
    assert person.area == 120.5
    assert np.isnan(person.head)


def test_who_is_left_out_is_counted(coco) -> None:
    root = coco(
        content(
            annotation(1),
            annotation(2, iscrowd=1, segmentation=RUNS),
            annotation(3, keypoints=[0] * 51, num_keypoints=0),
            annotation(4, bbox=[5, 5, 0, 9]),
            annotation(5, category_id=2),
            annotation(6, image=12),
        )
    )
    people = CocoPeople(root).read()
    assert people.person_ids == ["1", "6"]
    assert people.left_out == {
        "crowd": 1,
        "no labelled keypoint": 1,
        "box without extent": 1,
        "another category": 1,
    }
    assert people.remarks == ("images without a person: 1",)


def test_parts_and_places_of_images(coco, tmp_path: Path) -> None:
    coco(content(annotation(1)))
    coco(content(annotation(2, image=21), images=(21,)), part="val2017")
    (tmp_path / "images").mkdir()
    (tmp_path / "val2017").rename(tmp_path / "images" / "val2017")
    first, second = CocoPeople(tmp_path).read()
    assert (first.part, second.part) == ("train2017", "val2017")
    assert second.image == tmp_path / "images" / "val2017" / "000000000021.jpg"


def test_without_an_area_a_share_of_the_box_is_taken(coco) -> None:
    bare = annotation(1)
    del bare["area"]
    (person,) = CocoPeople(coco(content(bare))).read()
    assert person.area == pytest.approx(0.53 * 19 * 21)


def test_an_annotation_without_its_image(coco, tmp_path: Path) -> None:
    root = coco(content(annotation(1), annotation(2, image=12)))
    gone = root / "train2017" / "000000000012.jpg"
    gone.unlink()
    with pytest.raises(DataError) as caught:
        CocoPeople(root).read()
    assert str(caught.value) == (
        f"{gone} is annotated but not there (1 images of 2); download the images again, or leave "
        "them out: data.missing=skip"
    )
    people = CocoPeople(root, missing="skip").read()
    assert people.person_ids == ["1"]
    assert people.left_out == {"image not there": 1}
    with pytest.raises(ConfigError, match=r"data.missing is 'maybe'; expected error or skip"):
        CocoPeople(root, missing="maybe")


BAD = {
    "no multiple of 3": (
        annotation(7, keypoints=[1] * 50),
        "annotation 7: keypoints has 50 numbers, no multiple of 3; expected 51",
    ),
    "14 keypoints": (
        annotation(7, keypoints=[1] * 42),
        "annotation 7: keypoints has 42 numbers, 14 keypoints for the 17 of coco17; expected 51",
    ),
    "v of 3": (
        annotation(7, keypoints=keypoints(v=3)),
        "annotation 7: a keypoint's v is 3; expected 0, 1 or 2",
    ),
    "no keypoints": (
        annotation(7, keypoints=None),
        "annotation 7: keypoints is None; expected a list of 51 numbers",
    ),
    "not a number": (
        annotation(7, bbox=[1, 2, "3", 4]),
        "annotation 7: bbox has '3'; expected finite numbers of pixels",
    ),
    "infinite": (
        annotation(7, bbox=[1, 2, float("inf"), 4]),
        "annotation 7: bbox has inf; expected finite numbers of pixels",
    ),
    "short box": (annotation(7, bbox=[1, 2, 3]), "annotation 7: bbox has 3 numbers; expected 4"),
    "area": (annotation(7, area=-2), "annotation 7: area is -2; expected pixels, 0 or more"),
    "unknown image": (
        annotation(7, image=99),
        "annotation 7 is of image 99, which the file does not list; download the file again, or "
        "take the annotation out",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_one_bad_annotation_is_one_line(what: str, coco) -> None:
    bad, message = BAD[what]
    root = coco(content(annotation(1), bad))
    with pytest.raises(DataError) as caught:
        CocoPeople(root).read()
    path = root / "annotations" / "person_keypoints_train2017.json"
    assert str(caught.value) == f"{path}: {message}"


def test_bad_files_are_one_line(coco) -> None:
    def message(given: object) -> str:
        with pytest.raises(DataError) as caught:
            CocoPeople(coco(given, images=False)).read()
        return str(caught.value).partition("train2017.json: ")[2]

    fine = content(annotation(1))
    assert message('{"images": [').startswith("cannot be read as JSON (Expecting")
    assert message([1, 2]).startswith("expected lists of images, annotations, categories")
    assert message(fine | {"categories": []}).startswith("no category names its keypoints")
    other = [{"id": 1, "name": "dog", "keypoints": ["nose", "tail"]}]
    assert message(fine | {"categories": other}) == (
        "category 'dog' has 2 keypoints that are not those of skeleton coco17; expected nose, "
        "left_eye, right_eye ..."
    )
    empty = [{"id": 1, "name": "person", "keypoints": []}]
    assert message(fine | {"categories": empty}).startswith("no category names its keypoints")
    twice = fine | {"images": fine["images"] * 2}
    assert message(twice) == "image 11 is there twice"
    outside = [fine["images"][0] | {"file_name": "../secret.jpg"}]
    assert message(fine | {"images": outside}).startswith("file_name is '../secret.jpg'; expected")
    assert message(fine | {"annotations": [3]}) == "annotation 0 is no mapping"


def test_nobody_and_the_same_person_twice(coco) -> None:
    with pytest.raises(DataError, match=r"no people with labelled keypoints \(left out: crowd: 1"):
        CocoPeople(coco(content(annotation(1, iscrowd=1)))).read()
    with pytest.raises(DataError, match="person '1' is there 2 times; expected each one once"):
        CocoPeople(coco(content(annotation(1), annotation(1)))).read()


def test_no_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no file annotations/person_keypoints_\*.json"):
        CocoPeople(tmp_path).read()
    with pytest.raises(DataError, match="is not a folder"):
        CocoPeople(tmp_path / "nowhere").read()


@pytest.mark.parametrize("part", ["train2017", "val2017"])
def test_each_person_as_another_reader_has_them(shared_data: Path, part: str) -> None:
    """pycocotools, COCO's own, reads 60 images of COCO 2017 with 154 people."""
    reference = pytest.importorskip("pycocotools.coco")
    root = shared_data / "coco_mini"
    file = root / "annotations" / f"person_keypoints_{part}.json"
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = reference.COCO(str(file))
    wanted = [
        one
        for one in theirs.loadAnns(theirs.getAnnIds(catIds=theirs.getCatIds(["person"])))
        if one["num_keypoints"] > 0 and not one["iscrowd"]
    ]
    ours = {one.person_id: one for one in CocoPeople(root).read() if one.part == part}
    assert len(ours) == len(wanted) == {"train2017": 86, "val2017": 68}[part]
    for one in wanted:
        person = ours[str(one["id"])]
        values = np.reshape(one["keypoints"], (17, 3))
        assert person.labels.tolist() == values[:, 2].tolist()
        labelled = values[:, 2] > 0
        assert person.keypoints[labelled].tolist() == values[labelled, :2].tolist()
        assert person.box == pytest.approx(one["bbox"], rel=1e-6)
        assert person.area == pytest.approx(one["area"], rel=1e-6)
        (image,) = theirs.loadImgs(one["image_id"])
        assert person.size == (image["width"], image["height"])
        assert person.image.name == image["file_name"]
    assert list(COCO17.keypoints) == theirs.loadCats(1)[0]["keypoints"]


def test_real_files_are_as_documented(shared_data: Path) -> None:
    raw = json.loads(
        (shared_data / "coco_mini/annotations/person_keypoints_val2017.json").read_text()
    )
    assert any(isinstance(one["segmentation"], dict) for one in raw["annotations"])  # run lengths
