"""The data module of single images: from files to what a network eats."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from image_sets import COCO17, annotation, content, keypoints, picture, somebody

from temporal_pose.data.images.annotated import People
from temporal_pose.data.images.coco_people import CocoPeople
from temporal_pose.data.images.crop_augmentation import CropAugmentation
from temporal_pose.data.images.cutting import PaddedCrop, ThesisCrop
from temporal_pose.data.images.figures import Figures
from temporal_pose.data.images.image_module import ImageData
from temporal_pose.data.images.image_splits import ImageSplit
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.pose.crops import mapped

THIRDS = ImageSplit(fractions=(0.6, 0.2, 0.2))


def figures(images: int = 30, **settings: object) -> ImageData:
    settings = {"size": 48, "split": THIRDS, "batch_size": 7, "workers": 0, **settings}
    data = ImageData(Figures(images), **settings)
    data.setup()
    return data


def test_every_person_comes_once_with_the_map_to_the_image() -> None:
    data = figures()
    for side, loader in (("val", data.val_dataloader()), ("test", data.test_dataloader())):
        people = data.sides[side]
        batches = list(loader)
        assert torch.cat([b.sample for b in batches]).tolist() == list(range(len(people)))
        assert len({b.images.shape[1:] for b in batches}) == 1
        points = torch.cat([mapped(b.keypoints, b.to_image) for b in batches])
        labels = torch.cat([b.labels for b in batches])
        there = labels > 0
        torch.testing.assert_close(
            points[there], torch.tensor(people.keypoints)[there], atol=1e-3, rtol=0
        )
        assert np.array_equal(labels, people.labels)
        assert torch.cat([b.area for b in batches]).tolist() == people.areas.tolist()
        assert torch.cat([b.head for b in batches]).tolist() == people.heads.tolist()
    (batch, *_) = data.test_dataloader()
    assert batch.images.dtype == torch.uint8


def test_no_image_is_on_two_sides() -> None:
    data = figures(60)
    images = {s: {one.image_id for one in people} for s, people in data.sides.items()}
    assert len(images["train"] | images["val"] | images["test"]) == 60
    assert sum(map(len, images.values())) == 60
    prints = data.fingerprints()
    assert list(prints) == ["train", "val", "test"]
    assert not set(prints["train"]) & set(prints["test"])


def test_training_crops_are_shuffled_anew_each_epoch_and_the_same_for_a_seed() -> None:
    def order(data: ImageData, epoch: int) -> list[int]:
        loader = data.train_dataloader()
        loader.sampler.set_epoch(epoch)
        return torch.cat([batch.sample for batch in loader]).tolist()

    data = figures()
    first, second = order(data, 0), order(data, 1)
    assert first != second and sorted(first) == sorted(second)
    assert order(figures(), 0) == first
    assert order(figures(seed=5), 0) != first


def test_workers_and_what_is_kept_change_nothing() -> None:
    plain = list(figures(cache_mb=0).test_dataloader())
    assert figures(cache_mb=0).crops["test"].store is None
    kept = figures(workers=2)
    loader = kept.test_dataloader()
    for batches in (list(loader), list(loader)):
        for one, other in zip(plain, batches, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert kept.crops["test"].store.get(3) is not None


def test_prepared_crops_are_floats_less_the_mean() -> None:
    data = figures(augment=CropAugmentation(seed=3), mean=(0.1, 0.2, 0.3))
    (batch, *_) = data.test_dataloader()
    wanted = batch.images / 255 - torch.tensor([0.1, 0.2, 0.3])[:, None, None]
    torch.testing.assert_close(data.prepare(batch).images, wanted)
    assert torch.equal(data.prepare(batch).keypoints, batch.keypoints)
    first, again, later = (data.prepare(batch, epoch) for epoch in (0, 0, 1))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.keypoints, later.keypoints)
    away = batch._replace(keypoints=batch.keypoints + 1000)
    assert (data.prepare(away).labels == batch.labels).all()
    assert (figures().prepare(away, epoch=0).labels == 0).all()


def test_fewer_people_to_train_on_are_drawn_from_the_same_side() -> None:
    whole, fewer = figures(), figures(limit=5)
    assert len(fewer.sides["train"]) == 5
    assert set(fewer.sides["train"].person_ids) < set(whole.sides["train"].person_ids)
    assert fewer.sides["test"].person_ids == whole.sides["test"].person_ids


def test_all_of_it_is_the_test() -> None:
    data = figures(whole=True)
    assert list(data.sides) == ["test"]
    assert len(data.sides["test"]) == len(Figures(30).read())


def test_images_that_were_trained_on_are_left_out_with_all_their_people(caplog) -> None:
    data = figures(60)
    trained, people = data.sides["train"], Figures(60).read()
    (everything := figures(60, whole=True)).leave_out(trained.fingerprints())
    left = {one.image_id for one in everything.sides["test"]}
    assert left == {one.image_id for s in ("val", "test") for one in data.sides[s]}
    assert len(everything.crops["test"]) == len(everything.sides["test"]) < len(people)
    with pytest.raises(DataError, match="has trained on every image of this test set"):
        everything.leave_out(everything.sides["test"].fingerprints())
    before = len(data.sides["test"])
    data.leave_out([])
    assert len(data.sides["test"]) == before


def test_another_side_in_place_of_the_test() -> None:
    data = figures()
    other = data.tested_on("val")
    assert other.sides["test"] is data.sides["val"]
    assert len(other.crops["test"]) == len(data.sides["val"])
    assert data.sides["test"] is not data.sides["val"]


def odd_images(root: Path) -> None:
    """Of ten images, some as cameras and programs make them."""
    folder = root / "train2017"
    for number, mode in ((11, "L"), (12, "CMYK")):
        path = folder / f"{number:012d}.jpg"
        picture().convert(mode).save(path)
    exif = picture().getexif()
    exif[0x0112] = 3
    picture().save(folder / "000000000013.jpg", exif=exif)
    whole = (folder / "000000000014.jpg").read_bytes()
    (folder / "000000000014.jpg").write_bytes(whole[:-300])
    (folder / "000000000015.jpg").write_bytes(b"nothing")


def test_the_account(coco, caplog) -> None:
    numbers = tuple(range(11, 21))
    given = [annotation(n, image=n) for n in numbers]
    given[5]["bbox"] = [31, 2, 19, 21]
    given[6]["bbox"] = [60, 2, 9, 9]
    given[7]["keypoints"] = keypoints(v=1)
    given += [annotation(40, iscrowd=1), annotation(41, keypoints=[0] * 51)]
    root = coco(content(*given, images=(*numbers, 99)))
    odd_images(root)
    data = ImageData(CocoPeople(root), PaddedCrop(), 32, THIRDS, workers=0)
    with caplog.at_level(logging.INFO):
        data.setup()
    names = "nose 100%, eye 100%, ear 100%, shoulder 100%, elbow 100%, wrist 100%, hip 100%, "
    assert [record.message for record in caplog.records] == [
        "7 people in 7 images, 17 keypoints (coco17)",
        "people: train 5, val 1, test 1",
        "images: train 5, val 1, test 1",
        f"labelled keypoints: {names}knee 100%, ankle 100%; of these 14% hidden",
        "boxes that touch the border of their image: 1",
        "people left out: crowd 1, no labelled keypoint 1, image cut short 1, image damaged 1, "
        "box outside its image 1",
        "images that are grey 1, CMYK 1, turned by Exif 1",
        "images without a person: 1",
    ]
    for side in data.sides:
        for batch in data.ordered(side):
            assert batch.images.shape[1:] == (3, 32, 32)


@pytest.mark.parametrize("workers", [0, 1])
def test_damage_done_later_is_one_line(workers: int, tmp_path: Path) -> None:
    people = People.of([somebody(n, n) for n in range(3)], COCO17)
    for n in range(3):
        people.images[n] = tmp_path / f"{n}.png"  # type: ignore[index]
        picture().save(people.images[n])

    class Given:
        def read(self) -> People:
            return people

    data = ImageData(Given(), size=32, whole=True, workers=workers)
    data.setup()
    path = people.images[1]
    whole = bytearray(path.read_bytes())
    whole[60] ^= 255
    path.write_bytes(whole)
    with pytest.raises(DataError) as caught:
        list(data.test_dataloader())
    assert str(caught.value).startswith(f"{path}: cannot be read as an image (")
    assert "\n" not in str(caught.value)


def test_nobody_is_left(coco) -> None:
    given = [annotation(n, image=n, bbox=[60, 2, 9, 9]) for n in (11, 12, 13)]
    data = ImageData(CocoPeople(coco(content(*given))), workers=0)
    with pytest.raises(DataError, match="nobody to cut out; left out: box outside its image 3"):
        data.setup()


def test_real_people_cut_both_ways(shared_data: Path) -> None:
    for cutting, most in ((PaddedCrop(), 154), (ThesisCrop(), 131)):
        reader = CocoPeople(shared_data / "coco_mini")
        data = ImageData(reader, cutting, 64, ImageSplit("part"), workers=0)
        data.setup()
        assert sum(map(len, data.sides.values())) == most
        assert len(list(data.ordered("test"))) == -(-len(data.sides["test"]) // 16)


BAD = {
    "size": (50, "data.size is 50; expected a multiple of 4 from 16 to 1024"),
    "batch_size": (0, "data.batch_size is 0; expected a whole number from 1"),
    "limit": (0, "data.limit is 0; expected a whole number from 1"),
    "mean": ((1, 2, 3), "data.mean is [1, 2, 3]; expected red, green and blue, 0 to 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be(name: str) -> None:
    value, message = BAD[name]
    with pytest.raises(ConfigError) as caught:
        figures(**{name: value})
    assert str(caught.value) == message


def test_17_keypoints_asked_of_25() -> None:
    with pytest.raises(ConfigError, match="skeleton is coco17 with 17 keypoints; the data set's"):
        figures(skeleton="coco17")
    assert figures(skeleton="penn13").sides["test"].keypoints.shape[1] == 13
