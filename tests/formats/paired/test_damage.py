"""Files that lie: each kind is one error that names the file, or the right numbers."""

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zarr
from layouts import F, H, K, W, npz, with_detections, with_heatmaps, zarr_group

from temporal_pose.errors import DataError
from temporal_pose.formats.paired.inspection import inspect
from temporal_pose.formats.paired.paired_video import load


@pytest.mark.parametrize("name", ["scores", "heatmaps", "truth", "visible", "boxes"])
@pytest.mark.parametrize("version", [2, 3])
def test_an_array_that_lost_its_description_is_missed(tmp_path, name, version):
    path = zarr_group(tmp_path / "a.zarr", with_heatmaps(), version)
    (path / name / {2: ".zarray", 3: "zarr.json"}[version]).unlink()
    message = rf"a.zarr: '{name}' is there without its zarr.json or .zarray; copy the file again"
    with pytest.raises(DataError, match=message):
        load(path)


@pytest.mark.parametrize("rows", [0, -1, 10**30, "3", None])
def test_chunks_that_cannot_be(tmp_path, rows):
    path = zarr_group(tmp_path / "a.zarr", with_heatmaps())
    for name in ("heatmaps", "truth"):
        file = path / name / "zarr.json"
        about = json.loads(file.read_text())
        about["chunk_grid"]["configuration"]["chunk_shape"][0] = rows
        file.write_text(json.dumps(about))
    with pytest.raises(DataError, match=r"a.zarr: "):
        load(path)


@pytest.mark.parametrize("dtype", [">f2", ">f4", "<f2"])
@pytest.mark.parametrize("kind", ["npz", "zarr2", "zarr3"])
def test_numbers_of_another_byte_order_are_the_same(tmp_path, dtype, kind):
    arrays = with_heatmaps()
    maps = arrays["heatmaps"]
    arrays["heatmaps"] = maps.astype(dtype)
    path = tmp_path / f"a.{kind[:4].rstrip('23')}"
    path = npz(path, arrays) if kind == "npz" else zarr_group(path, arrays, int(kind[-1]))
    found = load(path)
    np.testing.assert_array_equal(found.heatmaps.raw(np.arange(F)), maps)
    assert inspect(found).nobody == 0


@pytest.mark.parametrize(
    "changed",
    [
        *({"image_size": [1e30, 1080]}, {"image_size": [0.5, 1]}, {"image_size": [640.5, 480]}),
        *(
            {"image_size": [np.inf, 3]},
            {"fps": 1e300},
            {"fps": np.nan},
            {"fps": True},
            {"fps": "6"},
        ),
        *({"fps": 5 + 2j}, {"skeleton": 3}, {"skeleton": ["coco17", "coco17"]}),
        {"truth": np.ones((F, K, 2)) + 3j},
        {"visible": np.ones((F, K), np.uint8)},
        {"detections": np.full((F, K, 3), 1e300)},
        {"truth": np.full((F, K, 2), -1e300)},
    ],
)
def test_numbers_that_cannot_be_meant(tmp_path, changed):
    with pytest.raises(DataError, match=rf"a.npz: '{next(iter(changed))}' is "):
        load(npz(tmp_path / "a.npz", with_detections(**changed)))


@pytest.mark.parametrize(
    "said",
    [
        *("60", "[[60], 60]", "null", "{}", "9" * 500, "1e999", '"' + "x" * 9999 + '"'),
        *("[" * 9000 + "]" * 9000, "NaN", "true", "-1"),
    ],
)
def test_attributes_that_lie(tmp_path, said):
    path = zarr_group(tmp_path / "a.zarr", with_detections())
    text = (path / "zarr.json").read_text()
    (path / "zarr.json").write_text(text.replace('"fps": 60.0', f'"fps": {said}'))
    if said == "60":
        assert load(path).fps == 60
        return
    with pytest.raises(DataError, match=r"a.zarr: "):
        load(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"a.npz: cannot be read as .npz \(it is no regular file"):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "file", ["zarr.json", "truth/zarr.json", "truth/c/0/0/0", "heatmaps/c/1/0/0/0"]
)
@pytest.mark.parametrize("instead", ["pipe", "device"])
def test_a_pipe_or_a_device_in_a_folder_of_zarr_is_not_waited_for(tmp_path, file, instead):
    path = zarr_group(tmp_path / "a.zarr", with_heatmaps())
    (path / file).unlink()
    if instead == "pipe":
        os.mkfifo(path / file)
    else:
        (path / file).symlink_to("/dev/zero")
    with pytest.raises(DataError, match=r"a.zarr: "):
        load(path).heatmaps.raw(np.arange(F))


def test_an_array_shorter_than_it_claims_is_not_waited_for_either(tmp_path):

    path = npz(tmp_path / "a.npz", with_detections())
    buffer = io.BytesIO()
    about = {"descr": "<f8", "fortran_order": False, "shape": (10**12, K, 3)}
    np.lib.format.write_array_header_1_0(buffer, about)
    other = tmp_path / "b.npz"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            lies = name == "detections.npy"
            new.writestr(name, buffer.getvalue() if lies else old.read(name))
    message = r"'detections' claims \(1000000000000, 17, 3\) of float64, and has 0 bytes"
    with pytest.raises(DataError, match=message):
        load(other)


def test_a_link_to_a_file_of_the_layout_is_one(tmp_path: Path):
    zarr_group(tmp_path / "a.zarr", with_heatmaps())
    (tmp_path / "b.zarr").symlink_to(tmp_path / "a.zarr")
    assert load(tmp_path / "b.zarr").heatmaps.size == (H, W)
    assert zarr.open_group(tmp_path / "b.zarr", mode="r")["heatmaps"].shape == (F, K, H, W)
