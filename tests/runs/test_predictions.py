"""The schema of predictions.npz: what is written is read, and what does not fit is refused."""

import io
import zipfile

import numpy as np
import pytest

import temporal_pose.runs.predictions as module
from temporal_pose.errors import RunFolderError
from temporal_pose.runs.predictions import CropPredictions, Predictions, read_predictions

N, T, K = 3, 5, 7
RNG = np.random.default_rng(0)
ARRAYS = {
    "window": np.arange(N),
    "video": np.array(["a", "b", "b"]),
    **{name: RNG.normal(size=(N, T, K, 2)).astype(np.float32)
       for name in ("predicted", "observed", "truth")},
    "visible": RNG.random((N, T, K)) < 0.7,
    "torso": np.ones((N, T), np.float32),
}  # fmt: skip


def write(folder, **changed):
    file = folder / "predictions.npz"
    np.savez(file, **{k: v for k, v in (ARRAYS | changed).items() if v is not None})
    return file


def refused(file):
    with pytest.raises(RunFolderError) as caught:
        read_predictions(file)
    said = str(caught.value)
    assert said.startswith(f"{file} is unreadable or damaged: ")
    assert said.isprintable()
    return said.removeprefix(f"{file} is unreadable or damaged: ").partition("; delete its")[0]


@pytest.mark.parametrize("optional", [{}, {"scores": np.ones((N, T, K), np.float32),
                                           "group": np.array(["x", "y", "y"])}])  # fmt: skip
def test_what_is_written_is_read(tmp_path, optional):
    kept = Predictions(**ARRAYS, **optional)
    kept.save(tmp_path / "predictions.npz")
    with np.load(tmp_path / "predictions.npz") as archive:
        assert set(archive.files) == {*ARRAYS, *optional}
    found = read_predictions(tmp_path / "predictions.npz")
    for ours, theirs in zip(kept, found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_where_there_is_none_nothing_is_read(tmp_path):
    assert read_predictions(tmp_path / "predictions.npz") is None


def test_other_floats_are_taken_as_single_ones(tmp_path):
    double = ARRAYS["truth"].astype(">f8")
    found = read_predictions(write(tmp_path, truth=double))
    assert found.truth.dtype == np.float32
    np.testing.assert_array_equal(found.truth, ARRAYS["truth"])


@pytest.mark.parametrize("name", ARRAYS)
def test_a_missing_array_is_named(tmp_path, name):
    assert refused(write(tmp_path, **{name: None})) == f"it holds no array {name}"


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("truth", np.zeros((N, T, K), np.float32), "truth is float32 of shape (3, 5, 7)"),
        ("window", np.arange(N + 1), "window is int64 of shape (4,); expected (3,) of kind iu"),
        ("window", np.arange(N) * 1.0, "window is float64 of shape (3,)"),
        ("video", np.arange(N), "video is int64"),
        ("visible", np.ones((N, T, K)), "visible is float64"),
        (
            "predicted",
            np.zeros((N, T, K, 3), np.float32),
            "predicted is float32 of shape (3, 5, 7, 3)",
        ),
        ("observed", np.zeros((N, T, K, 2), np.complex64), "observed is complex64"),
        ("torso", np.ones((T, N), np.float32), "torso is float32 of shape (5, 3)"),
        ("scores", np.ones((N, T), np.float32), "scores is float32 of shape (3, 5)"),
        ("group", np.ones(N), "group is float64"),
        ("visible", np.zeros((N, T, K), bool), "it holds no keypoint with a truth"),
    ],
)
def test_arrays_that_do_not_fit_are_named(tmp_path, name, array, reason):
    assert refused(write(tmp_path, **{name: array})).startswith(reason)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e300, 2e6])
@pytest.mark.parametrize("name", ["predicted", "observed", "truth"])
def test_positions_are_finite_where_there_is_a_truth(tmp_path, name, value):
    at = tuple(np.argwhere(ARRAYS["visible"])[2])
    odd = ARRAYS[name].astype(np.float64)
    odd[at] = value
    assert (
        refused(write(tmp_path, **{name: odd})) == f"{name} is not finite where there is a truth"
    )
    at = tuple(np.argwhere(~ARRAYS["visible"])[2])
    odd = ARRAYS[name].astype(np.float64)
    odd[at] = value
    assert read_predictions(write(tmp_path, **{name: odd})) is not None


def test_objects_are_never_unpickled(tmp_path):
    assert "allow_pickle=False" in refused(write(tmp_path, video=np.array([1, None, []], object)))


def packed(folder, member, compression=zipfile.ZIP_STORED, name="truth.npy"):
    file = write(folder, truth=None)
    with zipfile.ZipFile(file, "a", compression) as archive:
        archive.writestr(name, member)
    return file


def header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "member",
    [
        b"just text",
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (10**12,)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 5, 7, 2)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'sha"),
        header("(" * 60_000),
        b"",
    ],
)
def test_damaged_members(tmp_path, member):
    assert refused(packed(tmp_path, member))


def test_what_would_unpack_beyond_reason_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_BYTES", 1 << 20)
    file = tmp_path / "predictions.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(17):
            archive.writestr(f"{number}.npy", bytes(1 << 16))
    assert file.stat().st_size < 1 << 16
    assert refused(file) == "unpacked it would be larger than any test set"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip file", b"\x93NUMPY", b"x" * 100])
def test_what_is_no_archive(tmp_path, content):
    file = tmp_path / "predictions.npz"
    file.write_bytes(content)
    assert refused(file)


def test_a_plain_array_and_a_folder_are_no_archive(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    file = tmp_path / "predictions.npz"
    file.write_bytes(buffer.getvalue())
    assert refused(file)
    file.unlink()
    file.mkdir()
    assert refused(file) == "it is no regular file"


def test_any_flipped_byte_gives_arrays_or_one_line(tmp_path):
    file = write(tmp_path)
    content = file.read_bytes()
    for place in np.random.default_rng(1).integers(0, len(content), 150).tolist():
        file.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        try:
            read_predictions(file)
        except RunFolderError as error:
            assert str(error).isprintable()


def test_what_a_detector_made_of_people_is_kept_by_these_names(tmp_path):
    made = CropPredictions(
        np.array(["p1", "p2", "p3"]),
        RNG.normal(size=(N, K, 2)),
        RNG.random((N, K)),
        RNG.normal(size=(N, K, 2)),
        RNG.integers(0, 3, (N, K)),
        RNG.random((N, 4)),
    )
    made.save(tmp_path / "predictions.npz")
    with np.load(tmp_path / "predictions.npz") as kept:
        assert [*kept] == ["person", "keypoints", "scores", "truth", "labels", "boxes"]
        assert all((kept[name] == value).all() for name, value in made._asdict().items())
