"""MediaPipe's landmarks in the tables and JSON in which people keep them."""

import json
import re
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
from tabular import assert_same, clip_of, read, rewritten, with_pose

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import named, recognised
from temporal_pose.pose.skeletons import SKELETONS

MEDIAPIPE = named("mediapipe")
F, N = 5, 33
SIDED = (
    "EYE_INNER EYE EYE_OUTER", "EAR", "MOUTH", "SHOULDER", "ELBOW", "WRIST", "PINKY", "INDEX",
    "THUMB", "HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX",
)  # fmt: skip
NAMES = ["NOSE"] + [
    f"MOUTH_{side}" if part == "MOUTH" else f"{side}_{part}"
    for parts in SIDED
    for side in ("LEFT", "RIGHT")
    for part in parts.split()
]
VALUES = np.random.default_rng(0).uniform(0.05, 1.1, (F, N, 4))
FULL = ("x", "y", "z", "visibility")


def cells(values):
    """Numbers as a table has them."""
    return ",".join(repr(float(value)) for value in np.ravel(values))


def wide(naming, axes=FULL, first="", before=lambda frame: [], values=VALUES):
    """A row a pose."""
    header = [naming(i, axis) for i in range(N) for axis in axes]
    columns = [FULL.index(axis) for axis in axes]
    lines = [",".join([*first.split(), *header])]
    for frame, pose in enumerate(values):
        lines.append(",".join([*map(str, before(frame)), cells(pose[:, columns])]))
    return "\n".join([*lines, ""])


def long(header, before):
    """A row a landmark."""
    lines = [header]
    for frame in range(F):
        for i in range(N):
            lines.append(",".join([*map(str, before(frame, i)), cells(VALUES[frame, i])]))
    return "\n".join([*lines, ""])


def grouped(axes):
    """All x before all y, and so on."""
    header = [f"{axis}_{i}" for axis in axes for i in range(N)]
    columns = [FULL.index(axis) for axis in axes]
    rows = [f"{frame},{cells(pose[:, columns].T)}" for frame, pose in enumerate(VALUES)]
    return "\n".join([",".join(["frame", *header]), *rows, ""])


NUMBERS = range(F)
#: Text, frames, seconds, whether it has scores.
TABLES = {
    "x0": (wide(lambda i, a: f"{a[0]}{i}", first="frame", before=lambda f: [f * 2]),
           [0, 2, 4, 6, 8], None, True),
    "x1 and a class": (wide(lambda i, a: f"{a[0]}{i + 1}", first="class",
                            before=lambda f: ["jump"]), NUMBERS, None, True),
    "NOSE_x": (wide(lambda i, a: f"{NAMES[i]}_{a}", first="timestamp_ms",
                    before=lambda f: [f * 40]), NUMBERS, [0, 0.04, 0.08, 0.12, 0.16], True),
    "nose.y": (wide(lambda i, a: f"{NAMES[i].lower()}.{a}", first="time",
                    before=lambda f: [f / 8]), NUMBERS, [0, 0.125, 0.25, 0.375, 0.5], True),
    "left shoulder X": (wide(lambda i, a: f"{NAMES[i].lower().replace('_', ' ')} {a.upper()}",
                             FULL[:3]), NUMBERS, None, False),
    "leftShoulderX": (wide(lambda i, a: "".join(w if n == 0 else w.title() for n, w in enumerate(
        NAMES[i].lower().split("_"))) + a.title(), FULL[:3]), NUMBERS, None, False),
    "x_11": (grouped(("x", "y")), NUMBERS, None, False),
    "y_11 first": (grouped(("visibility", "y", "x")), NUMBERS, None, True),
    "11_x": (wide(lambda i, a: f"{i}_{a}"), NUMBERS, None, True),
    "landmark_11_x": (wide(lambda i, a: f"landmark_{i}_{a}", FULL[:3]), NUMBERS, None, False),
    "long by number": (long("frame,landmark,x,y,z,visibility", lambda f, i: [f + 7, i]),
                       [7, 8, 9, 10, 11], None, True),
    "long by name": (long("frame,landmark,x,y,z,visibility", lambda f, i: [f, NAMES[i]]),
                     NUMBERS, None, True),
    "long, both": (long("timestamp,id,name,x,y,z,visibility",
                        lambda f, i: [f / 8, i, NAMES[i].lower()]),
                   NUMBERS, [0, 0.125, 0.25, 0.375, 0.5], True),
    "long, enum": (long("frame_number,landmark_name,x,y,z,presence",
                        lambda f, i: [f, f"PoseLandmark.{NAMES[i]}"]), NUMBERS, None, True),
    "long, nothing": (long("landmark_id,x,y,z,visibility", lambda f, i: [i]), NUMBERS, None, True),
}  # fmt: skip


@pytest.mark.parametrize(("case", "delimiter"), list(zip(TABLES, cycle(",;\t"))))
def test_tables(case, delimiter, tmp_path):
    text, frames, times, scored = TABLES[case]
    path, out = tmp_path / "a b.csv", tmp_path / "out.csv"
    path.write_bytes(text.replace(",", delimiter).replace("\n", "\r\n").encode())
    assert recognised(path) is MEDIAPIPE
    clip = read(MEDIAPIPE, path)
    check(clip, frames, times, scored)
    assert_same(rewritten(MEDIAPIPE, clip, out), clip)
    assert out.read_bytes() == path.read_bytes()
    changed = one_point(clip)
    assert_same(rewritten(MEDIAPIPE, changed, out), changed)
    before, after = path.read_text(), out.read_text()
    assert after.replace("-0.0078125", repr(float(clip.keypoints[1, 3, 0]))) == before


def check(clip, frames, times, scored):
    np.testing.assert_array_equal(clip.keypoints, VALUES[..., :2])
    np.testing.assert_array_equal(clip.scores, VALUES[..., 3] if scored else np.nan)
    assert clip.frames.tolist() == list(frames)
    assert (clip.times is None) == (times is None)
    if times is not None:
        np.testing.assert_allclose(clip.times, times, rtol=1e-12)
    assert (clip.skeleton, clip.normalised) == (SKELETONS["blazepose33"], True)
    assert clip.remarks == ()


def one_point(clip):
    keypoints = clip.keypoints.copy()
    keypoints[1, 3, 0] = -0.0078125
    return replace(clip, keypoints=keypoints)


def points(pose):
    return [dict(zip(FULL, map(float, point), strict=True)) for point in pose]


def tasks(pose):
    return {"pose_landmarks": [points(pose)], "pose_world_landmarks": [points(pose - 0.5)]}


DOCUMENTS = {
    "frames with landmarks": (
        [{"frame": f, "timestamp": f * 40, "landmarks": points(p)} for f, p in enumerate(VALUES)],
        [0, 0.04, 0.08, 0.12, 0.16],
    ),
    "bare": ([points(pose) for pose in VALUES], None),
    "by number": ({str(f): points(pose) for f, pose in enumerate(VALUES)}, None),
    "by name": ({f"frame_{f:04d}.png": points(pose) for f, pose in enumerate(VALUES)}, None),
    "within": (
        {"fps": "29.97", "width": 640, "height": 480,
         "frames": [{"frame_id": f, **tasks(pose)} for f, pose in enumerate(VALUES)]},
        None,
    ),
    "protobuf": (
        [{"poseLandmarks": {"landmark": points(p)}, "frame": f} for f, p in enumerate(VALUES)],
        None,
    ),
    "names": (
        [{"landmarks": dict(zip(NAMES, points(pose), strict=True))} for pose in VALUES], None,
    ),
    "lists": ([{"frame": f, "landmarks": pose.tolist()} for f, pose in enumerate(VALUES)], None),
    "told": (
        [{"landmarks": [{"id": i, "name": NAMES[i]} | p for i, p in enumerate(points(pose))]}
         for pose in VALUES],
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOCUMENTS)
@pytest.mark.parametrize("style", [{}, {"indent": 2}, {"separators": (",", ":")}], ids="abc")
def test_documents(case, style, tmp_path):
    document, times = DOCUMENTS[case]
    path, out = tmp_path / "a b.json", tmp_path / "out.json"
    path.write_text(json.dumps(document, **style))
    assert recognised(path) is MEDIAPIPE
    clip = read(MEDIAPIPE, path)
    check(clip, NUMBERS, times, True)
    if case == "within":
        assert (clip.fps, clip.image_size) == (29.97, (640, 480))
    assert_same(rewritten(MEDIAPIPE, clip, out), clip)
    assert out.read_bytes() == path.read_bytes()
    changed = one_point(clip)
    assert_same(rewritten(MEDIAPIPE, changed, out), changed)
    assert (
        out.read_text().replace("-0.0078125", repr(float(clip.keypoints[1, 3, 0])))
        == path.read_text()
    )


def test_a_new_pose_in_a_frame_without_any(tmp_path):
    path, out = tmp_path / "a.json", tmp_path / "b.json"
    for empty, key in (([], "landmarks"), (None, "landmarks"), ([], "pose_landmarks")):
        several = key == "pose_landmarks"
        frames = [{"frame": f, key: [points(p)] if several else points(p)} for f, p in
                  enumerate(VALUES)]  # fmt: skip
        frames[2][key] = empty
        path.write_text(json.dumps(frames))
        clip = read(MEDIAPIPE, path)
        assert (clip.frames.tolist(), clip.count) == ([0, 1, 3, 4], 5)
        again = rewritten(MEDIAPIPE, with_pose(clip, 2, 0.5), out)
        assert again.frames.tolist() == [0, 1, 2, 3, 4]
        assert (again.keypoints[2] == 0.5).all()
        assert (again.scores[2] == 0).all()
        found = json.loads(out.read_text())
        assert [frame for f, frame in enumerate(found) if f != 2] == frames[:2] + frames[3:]
        one = found[2][key][0] if several else found[2][key]
        assert one[0] == {"x": 0.5, "y": 0.5, "z": None, "visibility": 0.0}


def test_missing_points_are_null_and_can_come_back(tmp_path):
    path, out = tmp_path / "a.json", tmp_path / "b.json"
    path.write_text(json.dumps([{"landmarks": points(pose)} for pose in VALUES]))
    clip = read(MEDIAPIPE, path)
    keypoints = clip.keypoints.copy()
    keypoints[3, 7] = np.nan
    lacking = rewritten(MEDIAPIPE, replace(clip, keypoints=keypoints), out)
    np.testing.assert_array_equal(lacking.keypoints, keypoints)
    assert json.loads(out.read_text())[3]["landmarks"][7]["x"] is None
    whole = rewritten(MEDIAPIPE, replace(lacking, keypoints=clip.keypoints), path)
    np.testing.assert_array_equal(whole.keypoints, clip.keypoints)
    assert json.loads(path.read_text())[3]["landmarks"][7] == points(VALUES[3])[7]


def test_several_people_in_a_frame(tmp_path):
    path, out = tmp_path / "a.json", tmp_path / "b.json"
    both = np.stack([VALUES, VALUES / 2], 1)
    path.write_text(json.dumps([{"pose_landmarks": [*map(points, pair)]} for pair in both]))
    clip = read(MEDIAPIPE, path)
    np.testing.assert_array_equal(clip.keypoints, both.reshape(-1, N, 4)[..., :2])
    assert clip.frames.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert clip.ids is None
    table = tmp_path / "a.csv"
    rows = [f"{f},{p},{cells(both[f, p])}" for f in range(F) for p in range(2)]
    header = ",".join(f"{axis}{i}" for i in range(N) for axis in "xyzv")
    table.write_text("\n".join([f"frame,pose_id,{header}", *rows, ""]))
    tabled = read(MEDIAPIPE, table)
    np.testing.assert_array_equal(tabled.keypoints, clip.keypoints)
    assert tabled.ids.tolist() == [0, 1] * F
    assert len(rewritten(MEDIAPIPE, with_pose(tabled, 9, 0.5, 1), out.with_suffix(".csv"))) == 11


def test_only_some_landmarks_and_rows_of_hands(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text(
        "frame,type,landmark_index,x,y,z\n0,pose,11,.1,.2,0\n0,face,11,.5,.5,0\n"
        "0,pose,13,.3,.4,0\n1,pose,11,.2,.3,0\n2,left_hand,0,.9,.9,0\n"
    )
    assert recognised(path) is MEDIAPIPE
    clip, nan = read(MEDIAPIPE, path), np.nan
    assert clip.skeleton.keypoints == ("left_shoulder", "left_elbow")
    assert clip.skeleton.limbs == (("left_shoulder", "left_elbow"),)
    np.testing.assert_array_equal(
        clip.keypoints, [[[0.1, 0.2], [0.3, 0.4]], [[0.2, 0.3], [nan, nan]]]
    )
    keypoints = clip.keypoints.copy()
    keypoints[1, 1] = 0.5
    MEDIAPIPE.write(out, [with_pose(replace(clip, keypoints=keypoints), 2, 0.75)])
    lines = path.read_text().splitlines()
    lines[5:5] = ["1,pose,13,0.5,0.5,", "2,pose,11,0.75,0.75,", "2,pose,13,0.75,0.75,"]
    assert out.read_text().splitlines() == lines


def test_a_pose_beside_a_face_and_hands(tmp_path):
    """As holistic models give them; the others are given back as they were."""
    others = {"face": [{"x": 0.5, "y": 0.25}] * 5, "left_hand": None}
    for name in ("pose", "pose_landmarks"):
        frames = [{name: points(pose), **others} for pose in VALUES]
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(frames))
        [clip] = MEDIAPIPE.read(path, Given(fps=30, image_size=(640, 480)))
        assert clip.keypoints.shape == (len(VALUES), 33, 2)
        clip.keypoints[0, 3] = 0.125, 0.25
        MEDIAPIPE.write(tmp_path / "new.json", [clip])
        new = json.loads((tmp_path / "new.json").read_text())
        assert [{key: frame[key] for key in others} for frame in new] == [others] * len(VALUES)
        assert (new[0][name][3]["x"], new[0][name][3]["y"]) == (0.125, 0.25)


@pytest.mark.parametrize(
    "header",
    ["frame,left_hip_x,left_hip_y,left_hip_z", "x_23,y_23,z_23,x_24,y_24,z_24",
     "LEFT_HIP_x,LEFT_HIP_y,LEFT_HIP_visibility"],
)  # fmt: skip
def test_some_landmarks_in_columns(header, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        f"{header}\n{','.join(['0.5'] * len(header.split(',')))}\n".replace("\n0.5", "\n0")
    )
    assert recognised(path) is MEDIAPIPE
    assert read(MEDIAPIPE, path).skeleton.keypoints[0] == "left_hip"


@pytest.mark.parametrize(
    "header",
    ["frame,left_hip_x,left_hip_y", "frame,left_hip_x,left_hip_y,left_hip_score",
     "frame,snout_x,snout_y,snout_z,snout_visibility",
     "frame," + ",".join(f"x{i},y{i},s{i}" for i in range(33)),
     "frame," + ",".join(f"x{i},y{i},v{i}" for i in range(17))],
)  # fmt: skip
def test_what_is_plain_csv(header, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n")
    assert recognised(path).name == "csv"


def test_pixels_are_told_from_shares(tmp_path):
    path, pixels = tmp_path / "a.csv", VALUES * [640, 480, 1, 1]
    path.write_text(wide(lambda i, a: f"{a[0]}{i}", values=pixels))
    clip = read(MEDIAPIPE, path)
    assert not clip.normalised
    np.testing.assert_array_equal(clip.keypoints, pixels[..., :2])


@pytest.mark.parametrize("suffix", [".csv", ".json"])
@pytest.mark.parametrize("people", [1, 2])
def test_from_nothing_but_poses(suffix, people, tmp_path):
    values = np.stack([VALUES, VALUES / 2][:people], 1)[..., [0, 1, 3]]
    values[2, 0, 4, :2] = np.nan
    told = {"skeleton": SKELETONS["blazepose33"], "image_size": (640, 480)}
    seconds = np.repeat(np.array([0, 0.04, 0.09, 0.2, 0.4]), people)
    clip = clip_of(values, np.array([0, 1, 2, 5, 9]), normalised=True, times=seconds, **told)
    found = rewritten(MEDIAPIPE, clip, tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(found.keypoints, clip.keypoints)
    np.testing.assert_array_equal(found.scores, clip.scores)
    assert found.frames.tolist() == clip.frames.tolist()
    np.testing.assert_allclose(found.times, seconds, rtol=1e-12)
    pixels = replace(clip, keypoints=clip.keypoints * [640, 480], normalised=False)
    MEDIAPIPE.write(tmp_path / f"b{suffix}", [pixels])
    again = read(MEDIAPIPE, tmp_path / f"b{suffix}")
    np.testing.assert_allclose(again.keypoints, clip.keypoints, rtol=1e-12)
    with pytest.raises(DataError, match=r"the skeleton is not known; expected blazepose33$"):
        MEDIAPIPE.write(tmp_path / "c.csv", [replace(clip, skeleton=None)])


def refused(name, text, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataError) as error:
        MEDIAPIPE.read(path, Given())
    return re.sub(re.escape(str(path)), "FILE", str(error.value))


def test_world_landmarks_are_refused(tmp_path):
    world = VALUES - 0.575
    told = (
        "of the coordinates are negative, as those of world landmarks are, in metres around the "
        "hips; expected shares of the image"
    )
    found = refused("a.csv", wide(lambda i, a: f"{a[0]}{i}", values=world), tmp_path)
    assert re.fullmatch(rf"FILE: \d+% {told}", found)
    found = refused("a.json", json.dumps([points(pose) for pose in world]), tmp_path)
    assert re.fullmatch(rf"FILE: \d+% {told}", found)


REFUSED = {
    "other columns": (
        "frame,x0,y0\n",
        "FILE: its columns are not those of MediaPipe's 33 landmarks; expected x0, y0 ... or "
        "NOSE_x, NOSE_y ...; choose another format by format=",
    ),
    "no landmark": (
        "frame,landmark,x,y\n0,tail,1,1\n",
        "FILE, line 2: 'tail' is no landmark; expected a number from 0 to 32, or one of "
        "MediaPipe's names",
    ),
    "hands": (
        "frame,type,landmark,x,y\n0,left_hand,1,1,1\n",
        "FILE: no row is a landmark's; expected rows below the header",
    ),
    "landmark twice": (
        "frame,person,landmark,x,y\n0,1,5,.1,.1\n0,1,5,.2,.2\n",
        "FILE, line 3: landmark 5 of person 1 is twice in frame 0; expected one row: remove the "
        "other",
    ),
    "21": (
        [{"landmarks": points(VALUES[0][:21])}],
        "FILE, frame 0: 21 landmarks; expected 33, those of a pose",
    ),
    "changing": (
        [points(VALUES[0]), points(VALUES[1][:32])],
        "FILE, frame 1: 32 landmarks; expected 33, those of a pose",
    ),
    "a text": (
        [[{"x": "a", "y": 1}] * 33],
        "FILE, frame 0: landmark 0 has 'a'; expected numbers",
    ),
    "frame twice": (
        [{"frame": 3, "landmarks": []}] * 2,
        "FILE: frame 3 is there twice; expected one: remove the other",
    ),
    "some frames": (
        [{"frame": 3, "landmarks": []}, {"landmarks": []}],
        "FILE: frame 1 of the list has no whole number",
    ),
    "other groups alone": (
        [{"frame": 3, "face": points(VALUES[0]), "left_hand": []}],
        "FILE: its frames hold 'face', 'left_hand'; expected the landmarks of a pose, as "
        "pose_landmarks",
    ),
    "nothing": ([], "FILE holds no frames; expected a list of them, with landmarks each"),
    "cut": (
        '[{"landmarks": [\n{"x": 1,',
        "FILE, line 2: cannot be read as JSON (Expecting property name enclosed in double "
        "quotes); the file may be cut short: copy or write it again",
    ),
    "deep": ("[" * 100_000, "FILE: cannot be read as JSON (too deeply nested)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case, tmp_path):
    content, message = REFUSED[case]
    text = content if isinstance(content, str) else json.dumps(content)
    assert refused("a.json", text, tmp_path) == message
