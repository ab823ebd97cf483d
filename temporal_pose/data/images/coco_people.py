"""COCO's people with keypoints, from the annotation files as they are downloaded."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from reprlib import repr
from typing import Any

import numpy as np

from temporal_pose.data.images.annotated import COVERED, Annotated, People
from temporal_pose.data.images.image_sources import Missing
from temporal_pose.errors import DataError
from temporal_pose.files.finding import folder, listed
from temporal_pose.files.reading import reading
from temporal_pose.pose.skeletons import SKELETONS

COCO17 = SKELETONS["coco17"]

_HOLDS = "annotations/person_keypoints_*.json beside the folders of images"
_PATTERN = "annotations/person_keypoints_*.json"
_PREFIX = "person_keypoints_"
_FIELDS = ("images", "annotations", "categories")
_FAR = 1e6  # image pixels


class CocoPeople:
    """Reads COCO's person keypoints (Lin et al., ECCV 2014), or whatever is in its format.

    COCO 2017 has 66,808 images with 149,813 people with keypoints. Crowds, people without
    labelled keypoints and boxes without extent are left out and counted. Outlines, be they
    polygons or run lengths, are not read: the files tell the areas. Images are looked for in
    ``ROOT/train2017``, ``ROOT/images/train2017``, ``ROOT/images`` and ``ROOT``, for an
    annotation file ``person_keypoints_train2017.json``.

    Args:
        root: the folder that holds ``annotations``.
        missing: what an annotation without its image is: 'error', or 'skip' to leave it out.

    Raises:
        ConfigError: another word for `missing`.
    """

    def __init__(self, root: str | Path, missing: str = "error") -> None:
        self.root, self.missing = root, Missing(missing)

    def read(self) -> People:
        """The people of all annotation files, file by file, in the files' order.

        Raises:
            DataError: no files, or one that is damaged or not as documented; an annotation
                without its image.
        """
        root = folder(self.root, _HOLDS)
        left_out: Counter[str] = Counter()
        people: list[Annotated] = []
        empty = 0
        for path in listed(root, _PATTERN, _HOLDS):
            file = _File(path, root)
            people.extend(file.people(left_out))
            empty += file.empty
        people = self.missing.checked(people, left_out)
        remarks = [f"images without a person: {empty:,}"] if empty else []
        return People.of(people, COCO17, left_out, remarks)


class _File:
    """One annotation file, checked.

    Attributes:
        empty: images that nobody is annotated in.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.path, self.part = path, path.stem.removeprefix(_PREFIX)
        content = _loaded(path)
        places = (root / self.part, root / "images" / self.part, root / "images", root)
        self.folder = next(place for place in places if place.is_dir())
        self.category = self._person(content["categories"])
        self.images = self._by_id(content["images"])
        self.annotations = content["annotations"]
        shown = {_image_of(one) for one in self.annotations if isinstance(one, dict)}
        self.empty = len(self.images.keys() - shown)

    def people(self, left_out: Counter[str]) -> Iterator[Annotated]:
        """Whoever has labelled keypoints and a box; the others are counted."""
        for place, one in enumerate(self.annotations):
            if not isinstance(one, dict):
                raise DataError(f"{self.path}: annotation {place} is no mapping")
            if one.get("category_id") != self.category:
                left_out["another category"] += 1
                continue
            person, reason = self._person_of(one, place)
            if reason:
                left_out[reason] += 1
            else:
                yield person

    def _person_of(self, one: Mapping[str, Any], place: int) -> tuple[Annotated, str]:
        where = f"{self.path}: annotation {one.get('id', f'at place {place}')}"
        values = _numbers(one.get("keypoints"), 3 * len(COCO17), f"{where}: keypoints", _counted)
        box = _numbers(one.get("bbox"), 4, f"{where}: bbox", lambda n: f"has {n} numbers")
        points, labels = values.reshape(-1, 3)[:, :2], values.reshape(-1, 3)[:, 2]
        odd = labels[~np.isin(labels, (0, 1, 2))]
        if odd.size:
            raise DataError(f"{where}: a keypoint's v is {odd[0]:g}; expected 0, 1 or 2")
        image = self.images.get(_image_of(one))
        if image is None:
            raise DataError(
                f"{where} is of image {repr(one.get('image_id'))}, which the file does not list; "
                "download the file again, or take the annotation out"
            )
        person = Annotated(
            image=self.folder / image["file_name"],
            image_id=str(image["id"]),
            person_id=str(one.get("id", f"{self.part} {place}")),
            keypoints=points,
            labels=labels.astype(np.int64),
            box=box,
            area=self._area(one.get("area"), box, where),
            size=(image["width"], image["height"]) if "width" in image else None,
            part=self.part,
        )
        return person, _reason(one, labels > 0, box)

    def _area(self, value: Any, box: np.ndarray, where: str) -> float:
        if value is None:
            return float(COVERED * box[2] * box[3])
        if not isinstance(value, int | float) or not 0 <= value < _FAR**2:
            raise DataError(f"{where}: area is {value!r}; expected pixels, 0 or more")
        return float(value) or float(COVERED * box[2] * box[3])

    def _by_id(self, images: list[Any]) -> Mapping[int, Mapping[str, Any]]:
        found: dict[int, Mapping[str, Any]] = {}
        for place, one in enumerate(images):
            name = one.get("file_name") if isinstance(one, dict) else None
            if not isinstance(name, str) or not isinstance(one.get("id"), int):
                raise DataError(f"{self.path}: image {place} has no id or no file_name")
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise DataError(
                    f"{self.path}: file_name is '{name}'; expected one below {self.folder}"
                )
            sides = [one.get(side) for side in ("width", "height") if side in one]
            if len(sides) == 1 or not all(type(s) is int and 0 < s < _FAR for s in sides):
                raise DataError(f"{self.path}: image {one['id']} is {sides}; expected its size")
            if found.setdefault(one["id"], one) is not one:
                raise DataError(f"{self.path}: image {one['id']} is there twice")
        return found

    def _person(self, categories: list[Any]) -> Any:
        """The id of the category that has keypoints."""
        known = [c for c in categories if isinstance(c, dict) and c.get("keypoints")]
        if not known:
            raise DataError(
                f"{self.path}: no category names its keypoints; expected the person keypoints of "
                "COCO, person_keypoints_*.json"
            )
        names = [c["keypoints"] for c in known]
        if list(COCO17.keypoints) not in names:
            count = len(names[0]) if isinstance(names[0], list) else 0
            raise DataError(
                f"{self.path}: category '{known[0].get('name')}' has {count} keypoints that are "
                f"not those of skeleton coco17; expected {', '.join(COCO17.keypoints[:3])} ..."
            )
        return known[names.index(list(COCO17.keypoints))].get("id")


def _loaded(path: Path) -> Mapping[str, list[Any]]:
    """The content without outlines, which are most of it, and would be most of the memory."""
    with reading(path, "JSON"), path.open(encoding="utf-8") as file:
        content = json.load(file, object_hook=_without_outline)
    if not isinstance(content, dict) or any(
        not isinstance(content.get(name), list) for name in _FIELDS
    ):
        raise DataError(f"{path}: expected lists of {', '.join(_FIELDS)}, as COCO's files have")
    return {name: content[name] for name in _FIELDS}


def _without_outline(content: dict[str, Any]) -> dict[str, Any]:
    content.pop("segmentation", None)
    return content


def _numbers(values: Any, count: int, where: str, found: Any) -> np.ndarray:
    if not isinstance(values, list):
        raise DataError(f"{where} is {repr(values)}; expected a list of {count} numbers")
    if len(values) != count:
        raise DataError(f"{where} {found(len(values))}; expected {count}")
    for value in values:
        if not isinstance(value, int | float) or not abs(value) < _FAR:
            raise DataError(f"{where} has {repr(value)}; expected finite numbers of pixels")
    return np.array(values, np.float64)


def _image_of(annotation: Mapping[str, Any]) -> int:
    """The id of its image; -1 where it names none."""
    found = annotation.get("image_id")
    return found if isinstance(found, int) else -1


def _counted(numbers: int) -> str:
    """Keypoints as numbers tell them."""
    if numbers % 3:
        return f"has {numbers} numbers, no multiple of 3"
    return f"has {numbers} numbers, {numbers // 3} keypoints for the {len(COCO17)} of coco17"


def _reason(one: Mapping[str, Any], labelled: np.ndarray, box: np.ndarray) -> str:
    """Why an annotation is no person to learn from; empty if it is one."""
    if one.get("iscrowd"):
        return "crowd"
    if not labelled.any():
        return "no labelled keypoint"
    return "" if (box[2:] > 0).all() else "box without extent"
