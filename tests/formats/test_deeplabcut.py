"""DeepLabCut and Lightning Pose: CSV and HDF5, beside pandas' and movement's reading of them."""

import pickle
import re
from dataclasses import replace

import numpy as np
import pytest
from tabular import (
    assert_same,
    clip_of,
    moved,
    movement,
    people,
    read,
    real,
    rewritten,
    with_pose,
)  # fmt: skip

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import named, recognised

DLC = named("deeplabcut")
COORDS = ["x", "y", "likelihood"]
PARTS = ["snout", "ear l", "ear r", "schwänzchen.ende", "7"]


def table(individuals=(), parts=PARTS, coords=COORDS, frames=7, seed=0):
    """A table of pandas with DeepLabCut's columns."""
    pd = pytest.importorskip("pandas")
    levels = [["DLC_resnet50"], parts, coords]
    names = ["scorer", "bodyparts", "coords"]
    if individuals:
        levels.insert(1, list(individuals))
        names.insert(1, "individuals")
    columns = pd.MultiIndex.from_product(levels, names=names)
    values = np.random.default_rng(seed).random((frames, len(columns))) * 400
    return pd.DataFrame(values, columns=columns)


def by_pandas(frame, individual=None):
    """x, y and likelihood of one animal, (F, K, 3), by names alone."""
    frame = frame.droplevel("scorer", axis=1)
    if individual is not None:
        frame = frame.xs(individual, level="individuals", axis=1)
    parts = dict.fromkeys(frame.columns.get_level_values("bodyparts"))
    return np.stack([frame[part][COORDS].to_numpy() for part in parts], 1)


@pytest.mark.parametrize("name", ["deeplabcut_mouse_single.csv", "lightningpose_paws.csv"])
def test_real_files_beside_pandas(name, tmp_path):
    pd = pytest.importorskip("pandas")
    path, out = real(name), tmp_path / "out.csv"
    assert recognised(path) is DLC
    clip, frame = read(DLC, path), pd.read_csv(path, header=[0, 1, 2], index_col=0)
    np.testing.assert_allclose(clip.keypoints, by_pandas(frame)[..., :2], rtol=1e-15)
    np.testing.assert_allclose(clip.scores, by_pandas(frame)[..., 2], rtol=1e-15)
    assert clip.frames.tolist() == frame.index.tolist()
    assert clip.count == len(frame)
    assert clip.skeleton.name == frame.columns[0][0]
    DLC.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()
    again = rewritten(DLC, moved(clip), out)
    np.testing.assert_array_equal(again.keypoints, clip.keypoints + 1.25)
    np.testing.assert_array_equal(again.scores, clip.scores)


def test_real_files_beside_movement():
    load = movement()
    for name, loaded in (
        ("deeplabcut_mouse_single.csv", load.from_dlc_file),
        ("lightningpose_paws.csv", load.from_lp_file),
    ):
        found, clip = loaded(real(name)), read(DLC, real(name))
        keypoints = found.position.transpose("time", "individuals", "keypoints", "space")
        np.testing.assert_allclose(clip.keypoints, keypoints.to_numpy()[:, 0])
        assert list(clip.skeleton.keypoints) == found.keypoints.to_numpy().tolist()


def as_csv(frame, path):
    frame.to_csv(path)


def as_table(frame, path):
    pytest.importorskip("tables")
    frame.to_hdf(path, key="df_with_missing", format="table", mode="w")


def as_fixed(frame, path):
    pytest.importorskip("tables")
    frame.to_hdf(path, key="df_with_missing", format="fixed", mode="w")


def again(path):
    """By pandas."""
    pd = pytest.importorskip("pandas")
    if path.suffix == ".h5":
        return pd.read_hdf(path)
    levels = 4 if "\nindividuals" in path.read_text(encoding="utf-8") else 3
    return pd.read_csv(path, header=list(range(levels)), index_col=0)


WRITERS = pytest.mark.parametrize(
    ("write", "suffix"), [(as_csv, ".csv"), (as_table, ".h5"), (as_fixed, ".h5")]
)


@WRITERS
@pytest.mark.parametrize("individuals", [(), ("m1", "m 2", "müs.3")], ids=["one", "three"])
def test_files_of_the_tools_own_writers(write, suffix, individuals, tmp_path):
    path, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    frame = table(individuals)
    frame.iloc[2] = np.nan
    write(frame, path)
    assert recognised(path) is DLC
    clip = read(DLC, path)
    there = np.arange(7) != 2
    for number, individual in enumerate(individuals or [None]):
        mine = slice(None) if clip.ids is None else clip.ids == number
        expected = by_pandas(frame, individual)[there]
        np.testing.assert_array_equal(clip.keypoints[mine], expected[..., :2])
        np.testing.assert_array_equal(clip.scores[mine], expected[..., 2])
        assert clip.frames[mine].tolist() == [0, 1, 3, 4, 5, 6]
    assert clip.skeleton.keypoints == tuple(PARTS)
    assert (clip.count, clip.skeleton.pairs) == (7, (("ear l", "ear r"),))
    DLC.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()
    DLC.write(out, [moved(clip)])
    one, other = again(path), again(out)
    assert one.columns.equals(other.columns)
    assert one.index.equals(other.index)
    change = (other - one).to_numpy()
    likelihood = one.columns.get_level_values("coords") == "likelihood"
    np.testing.assert_allclose(change[there][:, ~likelihood], 1.25, rtol=1e-12)
    assert (change[there][:, likelihood] == 0).all()
    assert np.isnan(change[~there]).all()


@WRITERS
def test_absent_animals_have_a_place_that_can_be_filled(write, suffix, tmp_path):
    path, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    frame = table(("a", "b"))
    frame.loc[3, ("DLC_resnet50", "b")] = np.nan
    write(frame, path)
    clip = read(DLC, path)
    assert len(clip) == 13
    filled = rewritten(DLC, with_pose(with_pose(clip, 3, 5.5, 1), 99, 7, 0), out)
    assert (len(filled), filled.frames[7], filled.ids[7]) == (14, 3, 1)
    assert (filled.keypoints[7] == 5.5).all()
    assert (filled.scores[7] == 0).all()
    kept = np.arange(14) != 7
    np.testing.assert_array_equal(filled.keypoints[kept], clip.keypoints)


@WRITERS
def test_coordinates_go_by_name_and_others_are_kept(write, suffix, tmp_path):
    path, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    frame = table(coords=["likelihood", "y", "x_ens_var", "x"])
    write(frame, path)
    clip = read(DLC, path)
    np.testing.assert_array_equal(clip.keypoints, by_pandas(frame)[..., :2])
    DLC.write(out, [moved(clip)])
    others = frame.columns.get_level_values("coords") == "x_ens_var"
    np.testing.assert_array_equal(again(out).to_numpy()[:, others], frame.to_numpy()[:, others])


@WRITERS
def test_rows_may_be_called_by_images(write, suffix, tmp_path):
    path, out = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    frame = table()
    frame.index = [f"labeled-data/v 2/img{n:04d}.png" for n in (30, 7, 8, 1, 2, 3, 4)]
    write(frame, path)
    clip = read(DLC, path)
    assert clip.frames.tolist() == [30, 7, 8, 1, 2, 3, 4]
    assert clip.count is None
    DLC.write(out, [moved(clip)])
    assert again(out).index.tolist() == frame.index.tolist()


def test_paths_of_images_in_several_columns(tmp_path):
    pd = pytest.importorskip("pandas")
    frame, out = table(coords=["x", "y"]), tmp_path / "out.csv"
    names = [("labeled-data", "v", f"img{n}.png") for n in range(7)]
    frame.index = pd.MultiIndex.from_tuples(names)
    for path, write in ((tmp_path / "a.csv", as_csv), (tmp_path / "a.h5", as_fixed)):
        write(frame, path)
        clip = read(DLC, path)
        assert clip.frames.tolist() == list(range(7))
        assert np.isnan(clip.scores).all()
    again = rewritten(DLC, replace(clip, kept=None, format=""), out)
    np.testing.assert_array_equal(again.keypoints, clip.keypoints)


def test_body_parts_that_only_some_have(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "scorer,s,s,s,s,s,s\nindividuals,m1,m1,m2,m2,single,single\n"
        "bodyparts,nose,nose,nose,nose,corner,corner\ncoords,x,y,x,y,y,x\n0,1,2,3,4,6,5\n"
    )
    clip, nan = read(DLC, path), np.nan
    one, two, single = clip.keypoints.tolist()
    np.testing.assert_array_equal(one, [[1, 2], [nan, nan]])
    np.testing.assert_array_equal(two, [[3, 4], [nan, nan]])
    np.testing.assert_array_equal(single, [[nan, nan], [5, 6]])


def test_a_row_with_the_name_of_the_index_is_no_frame(tmp_path):
    path = tmp_path / "a.csv"
    frame = table()
    frame.index.name = "frame"
    frame.to_csv(path)
    assert path.read_text(encoding="utf-8").splitlines()[3].startswith("frame,")
    assert len(read(DLC, path)) == 7


@pytest.mark.parametrize("count", [1, 3])
def test_a_file_from_nothing_but_poses(count, tmp_path):
    values = people(p=count, k=len(PARTS))
    values[4, 0] = np.nan
    clip = clip_of(values, np.array([0, 1, 2, 3, 5, 9, 10]))
    path = tmp_path / "a.csv"
    found = rewritten(DLC, clip, path)
    there = ~np.isnan(clip.keypoints).all((1, 2))
    np.testing.assert_array_equal(found.keypoints, clip.keypoints[there])
    np.testing.assert_array_equal(found.frames, clip.frames[there])
    assert (found.count, found.ids is None) == (11, count == 1)
    assert len(again(path)) == 11
    with pytest.raises(DataError, match=r"expected a name that ends in \.csv$"):
        DLC.write(tmp_path / "a.h5", [clip])


def test_shares_of_an_image_become_pixels_elsewhere(tmp_path):
    values = people(p=1)
    pixels = clip_of(values)
    clip = replace(
        pixels, keypoints=pixels.keypoints / [640, 480], normalised=True, image_size=(640, 480)
    )
    found = rewritten(DLC, clip, tmp_path / "a.csv")
    np.testing.assert_allclose(found.keypoints, pixels.keypoints)


class Bomb:
    """Would make a file, if anybody unpickled it."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_no_pickle_in_a_file_is_ever_run(tmp_path):
    h5py = pytest.importorskip("h5py")
    path, proof = tmp_path / "a.h5", tmp_path / "proof"
    as_table(table(), path)
    bomb = np.bytes_(pickle.dumps(Bomb(proof), 0))
    with h5py.File(path, "r+") as file:
        file["df_with_missing"].attrs["info"] = bomb
    assert len(read(DLC, path)) == 7
    with h5py.File(path, "r+") as file:
        file["df_with_missing/table"].attrs["values_block_0_kind"] = bomb
    message = f"{path}: the names of its columns cannot be read (asks for "
    with pytest.raises(DataError, match=f"^{re.escape(message)}"):
        DLC.read(path, Given())
    assert not proof.exists()


def test_without_h5py_the_error_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    as_table(table(), path)
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    assert recognised(path) is DLC
    needed = r"needs h5py, which pip install 'temporal-pose\[formats\]' adds$"
    with pytest.raises(ConfigError, match=rf"^reading DeepLabCut's \.h5 {needed}"):
        DLC.read(path, Given())


HEADER = "scorer,s,s,s\nbodyparts,a,a,a\ncoords,x,y,likelihood\n"
REFUSED = {
    "0,1,2,3\n": "{path}: its first rows are not DeepLabCut's; expected rows that begin with "
    "scorer, (individuals,) bodyparts, coords",
    HEADER + "0,1,2\n": "{path}, line 4: 3 cells; expected 4, as in the header: the file may be "
    "cut short, or written with another delimiter",
    HEADER
    + "0,1,2,3\n7,1,2,3\n7,4,5,6\n": "{path}: frame 7 stands there twice; expected one pose "
    "a frame and person: remove one of them",
    HEADER + "x.png,1,2,3\n": "{path}, line 4: the frame is 'x.png'; expected a whole number",
    HEADER + "0,1,two,3\n": "{path}, line 4: cell 3 is 'two'; expected a number, or nothing for "
    "what is missing",
    "scorer,s,s\nbodyparts,a,a,a\ncoords,x,y,likelihood\n": "{path}: the rows of its header have "
    "[3, 4] cells; expected one",
    "scorer,s,s\nbodyparts,a,b\ncoords,x,likelihood\n": "{path}: no body part has an x and a y; "
    "expected both below 'coords'",
    "scorer,s,s,t,t\nbodyparts,a,a,a,a\ncoords,x,y,x,y\n": "{path}: x of 'a' is there twice, the "
    "second time by 't'; expected one scorer a file: take the others out",
}


@pytest.mark.parametrize("content", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(content, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=f"^{re.escape(REFUSED[content].format(path=path))}$"):
        DLC.read(path, Given())


def test_missing_and_odd_numbers_are_given_as_they_are(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text(HEADER + "0,inf,1e9,-1\n2,0,0,nan\n1,,3,\n")
    clip = read(DLC, path)
    np.testing.assert_array_equal(clip.keypoints[:, 0], [[np.inf, 1e9], [0, 0], [np.nan, 3]])
    np.testing.assert_array_equal(clip.scores[:, 0], [-1, np.nan, np.nan])
    assert clip.frames.tolist() == [0, 2, 1]
    assert_same(rewritten(DLC, clip, out), clip)
    assert out.read_bytes() == path.read_bytes()
    again = rewritten(DLC, replace(clip, keypoints=clip.keypoints * np.nan), out)
    assert len(again) == 0
    assert out.read_text() == HEADER + "0,nan,nan,-1\n2,nan,nan,nan\n1,,nan,\n"
