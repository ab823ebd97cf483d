"""`python -m temporal_pose.refine`: anyone's keypoint files, in and out; no truth needed."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import READ, STANDING, TINY, Command, Trained, write_paired
from layouts import npz, read_npz, with_detections, with_heatmaps, zarr_group
from processes import process

from temporal_pose.data.synthetic import Synthetic
from temporal_pose.files.options import whole_filters
from temporal_pose.formats.paired.paired_video import load
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS

COCO17 = SKELETONS["coco17"]

RUN = Path("runs/pretrain")
SWAY = np.random.default_rng(0).normal(0, 5, (11, 17, 2)) + STANDING
SEEN = np.concatenate([SWAY, np.full((11, 17, 1), 0.7)], -1).astype(np.float32)


def bend(positions: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(positions, 2, axis=0), axis=-1).mean())


def results(folder: str) -> list[Path]:
    found = Path(folder).iterdir()
    return sorted(p for p in found if p.suffix != ".html" and not p.name.startswith("."))


def write_results(path: Path, frames: int = 31, people: int = 2, gap: int = -1) -> Path:
    """COCO keypoint results of people who sway, in an order that changes."""
    rng = np.random.default_rng(0)
    places = STANDING + 400 * np.arange(people)[:, None, None] + 50
    rows = []
    for frame in range(frames):
        for person in rng.permutation(people):
            if frame == gap:
                continue
            pose = places[person] + 20 * np.sin(frame / 7) + rng.normal(0, 3, (17, 2))
            triples = np.concatenate([pose, rng.uniform(0.3, 1, (17, 1))], 1).round(3)
            row = {"image_id": frame, "category_id": 1, "score": 0.9, "mine": f"{frame}/{person}"}
            rows.append(row | {"keypoints": triples.ravel().tolist()})
    path.write_text(json.dumps(rows))
    return path


@pytest.mark.parametrize("model", ["conv3d", "deciwatch"])
def test_a_run_refines_a_folder_of_videos(command: Command, tmp_path: Path, model: str) -> None:
    """Trained on something else entirely; what it needs of that is in its folder."""
    command("train", f"model={model}", "setup=3", *TINY, "data.frames=30").went_well()
    source = write_paired(tmp_path / "own", dances=1, cameras=2, frames=23)
    run = f"run={RUN}/{model}/setup3/k1"
    shown = command("refine", run, f"source={source}", "out=refined")
    shown.went_well()
    assert "refined by the filter, not the network: left_eye, right_eye" in shown.out
    assert f"{RUN}/{model}/setup3/k1 has seen simulated noise alone" in shown.out
    for path in sorted(source.iterdir()):
        before, after = load(path), load(Path("refined") / path.name)
        assert (after.skeleton, after.fps, after.image_size) == (COCO17, 60, (640, 480))
        assert after.detections is not None and before.detections is not None
        assert np.isfinite(after.detections).all()
        np.testing.assert_allclose(after.detections[..., 2], before.detections[..., 2])
        np.testing.assert_array_equal(after.truth, before.truth)
        assert path.name in shown.out


@pytest.mark.parametrize("model", [name for name in whole_filters() if name != "identity"])
def test_every_filter_needs_no_run_and_calms(command: Command, tmp_path: Path, model: str) -> None:
    source = write_paired(tmp_path / "own", dances=1, cameras=1)
    about = (f"model={model}", f"source={source}", "out=refined", "page=false")
    command("refine", *about).went_well()
    before, after = (read_npz(p) for p in (next(source.iterdir()), *results("refined")))
    seen, made, truth = (
        before["detections"][..., :2],
        after["detections"][..., :2],
        before["truth"],
    )
    assert bend(made) < 0.8 * bend(seen)
    assert np.abs(made - truth).mean() < np.abs(seen - truth).mean()


def test_the_truth_is_not_looked_at(command: Command, tmp_path: Path) -> None:
    files = {"with": with_detections(), "without": with_detections(truth=None, visible=None)}
    for name, arrays in files.items():
        source = npz(tmp_path / f"{name}/v.npz", arrays | {"detections": SEEN})
        command("refine", "model=gaussian", f"source={source}", f"out=to_{name}").went_well()
    one, other = (read_npz(f"to_{name}/v.npz") for name in files)
    np.testing.assert_array_equal(one["detections"], other["detections"])
    assert "truth" in one and "truth" not in other


def test_the_result_is_an_input_like_any_other(command: Command, tmp_path: Path) -> None:
    """It is checked, refined again, and scored by the same commands."""
    source = write_paired(tmp_path / "own")
    command("refine", f"source={source}", "out=calm", "page=false").went_well()
    command("refine", "model=identity", "source=calm", "out=same").went_well()
    for path in results("calm"):
        one, other = (read_npz(Path(name) / path.name)["detections"] for name in ("calm", "same"))
        np.testing.assert_array_equal(one, other)
    settings = ("model=identity", "data=paired", "data.root=calm", "input=recorded", *READ)
    command("evaluate", *settings).went_well()


@pytest.mark.parametrize("run", [False, True])
def test_heatmaps_are_read_from_disk(
    command: Command, trained: Trained, tmp_path: Path, run: bool
) -> None:
    """The one bright cell of each map, in a box of 70 by 50 pixels and 7 by 5 cells."""
    cells = np.round(STANDING / [50, 100]).astype(int)
    places = np.tile(cells, (11, 1, 1)) + np.array([1, 0])
    maps = np.full((11, 17, 5, 7), -1, np.float32)
    frames, keypoints = np.meshgrid(range(11), range(17), indexing="ij")
    maps[frames, keypoints, places[..., 1], places[..., 0]] = 9
    arrays = with_heatmaps(heatmaps=maps, truth=None, visible=None)
    source = zarr_group(tmp_path / "v.zarr", arrays)
    chosen = ["model=robust"]
    if run:
        trained(*TINY)
        chosen = [f"run={RUN}/conv3d/setup1/k1"]
    command("refine", *chosen, f"source={source}", "out=refined").went_well()
    made = load(Path("refined/v.zarr")).detections
    assert made is not None and made.shape == (11, 17, 3)
    expected = np.array([300, 200]) + 10 * places + 5
    far = np.linalg.norm(made[..., :2] - expected, axis=-1)
    assert np.nanmax(far) < (70 if run else 2)  # an untrained network stays in the box


def test_our_own_skeleton_keeps_all_its_keypoints(command: Command, tmp_path: Path) -> None:
    (body,) = Synthetic(1, 1, 9, 0).read()
    still = np.concatenate([body.keypoints, 0.5 + np.zeros((len(body), 25, 1))], -1)
    still = np.where(body.visible[..., None], still, np.nan)
    fields = {"detections": still.astype(np.float32), "skeleton": CLIMBALONG25.name}
    fields |= {"truth": None, "visible": None}
    source = npz(tmp_path / "v.npz", with_detections(**fields))
    command("refine", "model=identity", f"source={source}", "out=refined").went_well()
    np.testing.assert_array_equal(read_npz("refined/v.npz")["detections"], fields["detections"])


def test_people_come_back_in_their_places_with_all_the_rest(
    command: Command, tmp_path: Path
) -> None:
    """Whoever the list calls number 0 is not a person: the order changes from frame to frame."""
    source = write_results(tmp_path / "results.json", gap=12)
    shown = command("refine", f"source={source}", "out=calm", "fps=30", "skeleton=coco17")
    shown.went_well()
    before, after = (json.loads(p.read_text()) for p in (source, Path("calm/results.json")))
    assert [row["mine"] for row in before] == [row.get("mine") for row in after[: len(before)]]
    added = after[len(before) :]
    assert [row["image_id"] for row in added] == [12, 12]
    for person in range(2):
        tracks = [
            np.array([row["keypoints"] for row in rows if row["mine"].endswith(f"/{person}")])
            for rows in (before, after[: len(before)])
        ]
        seen, made = (track.reshape(-1, 17, 3)[..., :2] for track in tracks)
        assert bend(made[:12]) < 0.5 * bend(seen[:12])
        assert np.abs(made - seen).max() < 20
    page = Path("calm/results.json.html").read_text()
    assert "person 2" in page and "http" not in page.replace("http://www.w3.org", "")


def test_into_another_format_and_back(command: Command, tmp_path: Path) -> None:
    source = write_results(tmp_path / "results.json", people=1)
    about = ("model=identity", "fps=30", "skeleton=coco17", "page=false")
    command("refine", f"source={source}", "out=table", "to=csv", *about).went_well()
    command("refine", "source=table/results.csv", "out=back", "to=coco", *about).went_well()
    before, after = (
        np.array([row["keypoints"] for row in json.loads(Path(p).read_text())])
        for p in (source, *results("back"))
    )
    np.testing.assert_allclose(before, after, atol=2e-3)


def test_the_same_command_goes_on_and_another_is_refused(command: Command, tmp_path: Path) -> None:
    source = write_paired(tmp_path / "own", dances=2, cameras=1)
    typed = ("model=gaussian", f"source={source}", "out=refined")
    command("refine", *typed).went_well()
    first, second = results("refined")
    kept, time = first.read_bytes(), first.stat().st_mtime_ns
    second.unlink()
    shown = command("refine", *typed)
    shown.went_well()
    assert second.name in shown.out and first.name not in shown.out
    assert first.stat().st_mtime_ns == time
    assert "refined is finished; force=true makes it again" in command("refine", *typed).out
    message = command("refine", *typed, "model.sigma_s=0.2").refused()
    assert message.startswith(f"{first} exists already, made with another settings; choose ano")
    assert first.read_bytes() == kept
    command("refine", *typed, "model.sigma_s=0.2", "force=true").went_well()
    assert first.read_bytes() != kept


def test_somebody_elses_file_is_not_replaced(command: Command, tmp_path: Path) -> None:
    source = write_paired(tmp_path / "own", dances=1, cameras=1)
    (name,) = (path.name for path in source.iterdir())
    Path("refined").mkdir()
    (Path("refined") / name).write_text("mine")
    message = command("refine", f"source={source}", "out=refined").refused()
    assert message.startswith(f"refined/{name} exists already, made by something else; choose")
    assert (Path("refined") / name).read_text() == "mine"


@pytest.mark.parametrize("change", ["detections", "fps", "truth"])
def test_a_source_that_changed_is_not_taken_for_done(
    command: Command, tmp_path: Path, change: str
) -> None:
    source = npz(tmp_path / "v.npz", with_detections(detections=SEEN))
    typed = ("model=gaussian", f"source={source}", "out=refined")
    command("refine", *typed).went_well()
    assert "is finished" in command("refine", *typed).out
    arrays = with_detections(detections=SEEN)
    npz(source, arrays | {change: np.asarray(arrays[change]) + 1})
    assert "exists already, made with another source" in command("refine", *typed).refused()


def test_one_bad_file_does_not_take_the_others_along(command: Command, tmp_path: Path) -> None:
    source = write_paired(tmp_path / "own", dances=2, cameras=1)
    first, second = sorted(source.iterdir())
    first.write_bytes(first.read_bytes()[:200])
    (source / "notes.md").write_text("of mine")
    ended = command("refine", f"source={source}", "out=refined")
    assert ended.status == 1
    assert [path.name for path in results("refined")] == [second.name]
    assert ended.err.startswith("error: ") and ended.err.count("\n") == 1
    assert first.name in ended.err
    assert "no keypoint files: notes.md" in ended.out


def test_what_cannot_be(command: Command, tmp_path: Path) -> None:
    source = npz(tmp_path / "v.npz", with_detections(detections=SEEN))
    people = write_results(tmp_path / "results.json")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.md").write_text("nothing")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"keypoints2d": SEEN}))
    good = (f"source={source}", "out=refined")
    cases = {
        ("out=refined",): "source is not set; add source=, a keypoint file or a folder",
        (good[0],): "out is not set; add out=, a folder for the results",
        ("source=none", good[1]): "source 'none' does not exist; expected a keypoint file or a fo",
        (f"source={tmp_path}/empty", good[1]): "has no keypoint file in it (is empty); expected",
        (f"source={tmp_path}/text.md", good[1]): "is of no format that can be read (",
        (
            f"source={tmp_path}/a.pkl",
            good[1],
        ): "a.pkl is a pickle, which is code and is not opened",
        (good[0], f"out={tmp_path}"): f"out={tmp_path} is where {source} is; expected another",
        (*good, "model=conv3d"): "model 'conv3d'",
        (*good, "model=smooth"): "model 'smooth' is unknown; expected one of",
        (*good, "fps=abc"): "fps is 'abc'; expected frames a second, such as 30, 29.97 or 30000/",
        (*good, "fps=0"): "fps is 0; expected frames a second",
        (*good, "skeleton=coco"): "skeleton 'coco' is unknown; expected one of",
        (
            *good,
            "image_size=wide",
        ): "image_size is 'wide'; expected width and height, such as",
        (*good, "person=0"): "person is 0; expected all, or a number from 1",
        (*good, "video_start=-1"): "video_start is -1; expected a whole number from 0",
        (*good, "stills=[2,-1]"): "stills is [2, -1]; expected numbers of frames, such as [3,7]",
        (*good, "to=excel"): "format 'excel' is unknown; expected one of",
        (*good, "run=nowhere"): "holds no run (no config.yaml)",
        (*good, "model.cutoff_hz=-1"): "cutoff_hz is -1",
        (
            *good,
            "video=none.mp4",
        ): "video 'none.mp4' does not exist; expected the keypoints'",
    }
    for typed, message in cases.items():
        assert message in command("refine", *typed).refused(), typed
    assert not Path("refined").exists()
    failed = command("refine", f"source={people}", good[1], "skeleton=coco17")
    assert failed.status == 1
    assert "does not say its frame rate; add fps=, frames a second" in failed.err


def test_frame_rates_unlike_those_of_training_are_remarked(
    command: Command, trained: Trained, tmp_path: Path
) -> None:
    trained("model=deciwatch", *TINY)
    source = write_paired(tmp_path / "own", dances=1, cameras=1)
    shown = command("refine", f"run={RUN}/deciwatch/setup1/k1", f"source={source}", "out=refined")
    shown.went_well()
    assert "the network was trained at 30 frames a second and is given 60" in shown.out


def test_a_frame_rate_beside_a_files_own_times_is_remarked(
    command: Command, tmp_path: Path
) -> None:
    """A clock is not overruled silently, nor is what was typed forgotten silently."""
    times = np.cumsum([0, *np.tile([0.04, 0.05], 5)])
    np.savez(tmp_path / "own.npz", keypoints=SEEN[..., :2], times=times)
    shown = command("refine", f"source={tmp_path}/own.npz", "out=a", "fps=60", "page=false")
    shown.went_well()
    assert "fps=60 is not used: the file has a time for each frame, " in shown.out
    silent = command("refine", f"source={tmp_path}/own.npz", "out=b", "page=false")
    assert "is not used" not in silent.out
    with np.load("a/own.npz") as one, np.load("b/own.npz") as other:
        np.testing.assert_array_equal(one["keypoints"], other["keypoints"])


def test_a_skeleton_that_is_only_supposed_is_remarked(command: Command, tmp_path: Path) -> None:
    few = write_results(tmp_path / "few.json", frames=4, people=1)
    many = write_results(tmp_path / "many.json", frames=20, people=1)
    line = "taken for skeleton 'coco17'; too few poses are whole to tell it from h36m17"
    told = (f"source={few}", "fps=30", "page=false")
    assert line in command("refine", *told, "out=a").out
    assert line not in command("refine", *told, "out=b", "skeleton=coco17").out
    assert line not in command("refine", f"source={many}", "out=c", *told[1:]).out


def test_files_may_be_called_anything(command: Command, tmp_path: Path) -> None:
    name = "Übung 1.b (l'été)=ö.json"
    source = write_results(tmp_path / name, frames=4, people=1)
    command("refine", f"source={source}", "out=für dich", "fps=30").went_well()
    assert {file.name for file in Path("für dich").iterdir()} >= {name, f"{name}.html"}


def test_a_filter_brings_no_torch(tmp_path: Path) -> None:
    """It takes two seconds of CPU and half a gigabyte, which a filter has no need of."""
    np.save(tmp_path / "sway.npy", SEEN)
    code = (
        "import sys; from temporal_pose.refine import main; main(); "
        "import temporal_pose; temporal_pose.Stream(fps=30).push([[1.0, 2.0]] * 3); "
        "print('torch' in sys.modules)"
    )
    settings = ("source=sway.npy", "out=out", "fps=30", "skeleton=coco17")
    done = subprocess.run(
        [sys.executable, "-c", code, *settings], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["False"]), done


def test_several_processes_do_what_one_does(tmp_path: Path) -> None:
    source = write_paired(tmp_path / "own", dances=2, cameras=1, frames=13)
    for workers, out in ((1, "one"), (2, "two")):
        about = (f"source={source}", f"out={out}", f"workers={workers}", "page=false")
        process("refine", *about, cwd=tmp_path).went_well()
    for path in sorted(source.iterdir()):
        one, two = ((tmp_path / name / path.name).read_bytes() for name in ("one", "two"))
        assert one == two


PARTS = ("-m", "source=own", "out=calm", "page=false", "part=1/2,2/2")


def test_several_jobs_do_the_parts_of_a_folder(command: Command, tmp_path: Path) -> None:
    """What fails in one of them is told, and the others are done."""
    source = write_paired(tmp_path / "own", dances=1, cameras=3, frames=15)
    (source / "g_c09.npz").write_bytes(b"PK nothing")
    ended = command("refine", *PARTS)
    assert ended.status == 1
    assert len(results("calm")) == 3
    assert ended.err.splitlines()[-1].startswith("error: of the jobs, one or more came to grief (")
    assert "own/g_c09.npz" in ended.err.splitlines()[-1]
    (source / "g_c09.npz").unlink()
    command("refine", *PARTS, "force=true").went_well()
    for wrong in ("0/2", "3/2", "half"):
        message = command("refine", *PARTS[1:-1], f"part={wrong}").refused()
        assert message.endswith("expected such as 2/8, the second of eight parts")


def test_a_cluster_does_the_parts_of_a_folder(tmp_path: Path) -> None:
    """Through the launcher for clusters, whose local form starts processes here."""
    write_paired(tmp_path / "own", dances=1, cameras=2, frames=15)
    ended = process("refine", *PARTS, "hydra/launcher=submitit_local", cwd=tmp_path)
    assert (ended.status, ended.err) == (0, ""), ended
    assert len(results(str(tmp_path / "calm"))) == 2


def test_one_of_several_people_in_another_format(command: Command, tmp_path: Path) -> None:
    """Which may hold no more, as TRC does."""
    source = write_results(tmp_path / "results.json")
    about = (f"source={source}", "fps=30", "skeleton=coco17", "page=false", "to=trc")
    ended = command("refine", *about, "out=both")
    assert "2 people; expected one, as TRC holds no more: choose one by person=" in ended.err
    command("refine", *about, "out=second", "person=2").went_well()
    rows = Path("second/results.trc").read_text().splitlines()[6:]
    found = np.array([row.split("\t")[2:] for row in rows], float)[:, :2]
    (own,) = {row["mine"][-1] for row in json.loads(source.read_text())[:1]}
    expected = STANDING[0] + 50 + 400 * (1 - int(own))  # whom frame 0 lists second
    assert np.abs(found - expected - 20 * np.sin(np.arange(31) / 7)[:, None]).max() < 12
    ended = command("refine", *about, "out=third", "person=3")
    assert "results shows 2 people; person=3 is not there" in ended.err
