"""Results that are there already when a command begins: its own, or somebody else's."""

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from layouts import npz, with_detections, with_heatmaps, zarr_group
from rich.console import Console

from fuzzing import images
from fuzzing.networks import task
from fuzzing.run_folders import MODEL, write_run
from fuzzing.subjects import SilentError, Subject
from temporal_pose.app.exploring import opened
from temporal_pose.app.exporting import exportable
from temporal_pose.app.reports import check_place
from temporal_pose.app.saved_runs import load_run
from temporal_pose.data import check, write
from temporal_pose.errors import DataError
from temporal_pose.exploring import exploration_files
from temporal_pose.files.conf import CONF
from temporal_pose.files.made import content_hash
from temporal_pose.files.options import shipped
from temporal_pose.formats.paired import LayoutWriter
from temporal_pose.refining.notes import Note
from temporal_pose.refining.saved import SHIPPED, load
from temporal_pose.refining.sources import find
from temporal_pose.runs.folders import RunFolder
from temporal_pose.training.checkpoints import check_resumable

_ABOUT = {"skeleton": "coco17", "fps": 25.0, "image_size": (640, 480)}


def subjects() -> Iterator[Subject]:
    """A subject for each command that looks at what it finds."""
    yield Subject("refine/earlier", _noted, _goes_on, "out")
    yield Subject("refine/source", _sources, _found, "source")
    yield Subject("report/earlier", _report, _reported_over, "report")
    yield Subject("explore/earlier", _looked, _looked_over, "latent")
    yield Subject("detect/replaced", _stored, _replaced, "a.zarr")
    yield Subject("data.write/detected", _stored, _taken, "a.zarr")
    yield Subject("data.check/folder", _videos, _checked, "videos")
    yield Subject("train/resumed", _interrupted, _resumable, "run")
    yield Subject("evaluate/run", write_run, _loaded, "run", heavy=True)
    with_layers = partial(write_run, model="tcn")
    yield Subject("explore/run", with_layers, _opened, "run", heavy=True)
    yield Subject("explore/detector", _split, _opened, "run", heavy=True)
    yield Subject("export/run", write_run, _exported, "run", heavy=True)
    for name in shipped():
        copy = lambda path, n=name: shutil.copytree(SHIPPED / n, path)  # noqa: E731
        yield Subject(f"shipped/{name}", copy, _network, "run")


def _noted(path: Path) -> None:
    path.mkdir()
    note = Note(path / "a.json", {"model": "robust", "fps": 25.0})
    note.begin()
    note.out.write_text("{}")
    note.end()


def _goes_on(path: Path) -> Any:
    return Note(path / "a.json", {"model": "robust", "fps": 25.0}).finished(force=False)


def _sources(path: Path) -> None:
    path.mkdir()
    row = {"image_id": 1, "category_id": 1, "keypoints": [5.0] * 51, "score": 0.9}
    (path / "a.json").write_text(json.dumps([row]))
    (path / "b.csv").write_text("nose_x,nose_y\n1,2\n3,4\n")
    npz(path / "c.npz", with_detections())
    (path / "notes.txt").write_text("walks")


def _found(path: Path) -> Any:
    found = find(path)
    told = {one.path.name: [one.format.name, content_hash(one.path)] for one in found.sources}
    said = [line.replace(str(path), "") for line in (*found.bad, *found.others)]
    return {"told": told, "remarks": said}


def _report(path: Path) -> None:
    path.mkdir()
    (path / "report.md").write_text("# Title\n\n| a |\n")
    (path / "results.csv").write_text("run,a\nb,1\n")


def _reported_over(path: Path) -> Any:
    files = {"report.md": b"", "results.csv": b""}
    check_place(path, files, "# Title")
    return sorted(files)


def _looked(path: Path) -> None:
    with exploration_files.replacing(path) as part:
        (part / "index.html").write_text("<p>")
        exploration_files.write_about(part, {"layer": "layers.0"})


def _looked_over(path: Path) -> Any:
    """Looks where one has looked: nothing of anybody else's goes."""
    exploration_files.check_place(path)
    there = sorted(file.name for file in path.iterdir()) if path.is_dir() else []
    _looked(path)
    if {*there} - {"index.html", "explore.json"}:
        raise SilentError(f"{there} are gone")
    return there


def _stored(path: Path) -> None:
    _append(LayoutWriter(path, **_ABOUT, settings={"a": 1}))


def _append(writer: LayoutWriter) -> None:
    writer.append(detections=with_detections()["detections"])
    writer.close()


def _replaced(path: Path) -> Any:
    """Replaces what this package wrote, or refuses."""
    ours = (path / "zarr.json").is_file()
    try:
        _append(LayoutWriter(path, **_ABOUT, overwrite=True))
    except DataError:
        return "refused"
    if not ours and any(path.iterdir()):
        raise SilentError("replaced, and nothing showed whose it was")
    return "replaced"


def _taken(path: Path) -> Any:
    out = path.parent / "taken.zarr"
    options = write.parser().parse_args([str(out), f"--detected={path}"])
    origin = write.of_video(options)
    write.check_shapes(origin)
    write.write(origin, out)
    found = write.load(out)
    return [found.detections, found.fps, found.image_size, write.provenance(out)]


def _videos(path: Path) -> None:
    npz(path / "a.npz", with_detections())
    zarr_group(path / "b.zarr", with_heatmaps())


def _checked(path: Path) -> Any:
    good, bad = check.checked([str(path)], Console(file=io.StringIO()))
    for table in (check.files_table(good), check.keypoints_table(good)) if good else ():
        with redirect_stdout(io.StringIO()):
            Console(file=io.StringIO()).print(table)
    return [len(good), {"remarks": [line.replace(str(path), "") for line in bad]}]


def _interrupted(path: Path) -> None:
    """A run that has stopped in the middle of its training."""
    import torch

    write_run(path)
    (path / "metrics.json").unlink()
    kept = {"state_dict": task(MODEL).state_dict(), "epoch": 0, "global_step": 3, "callbacks": {}}
    kept |= {"loops": {}, "optimizer_states": [], "lr_schedulers": []}
    torch.save(kept | {"pytorch-lightning_version": "2.5.0"}, path / "last.ckpt")


def _resumable(path: Path) -> Any:
    run = RunFolder(path)
    return [run.state, check_resumable(task(MODEL), run.last)]


def _loaded(path: Path) -> Any:
    task, data = load_run(path)
    return [task.state_dict(), type(data).__name__]


def _opened(path: Path) -> Any:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("explore", [f"run='{path}'", "out=latent", "clusters=2", "device=cpu"])
    run = opened(config, [])
    return [run.title, run.facts["data"], run.places, run.subject.network.state_dict()]


def _split(path: Path) -> None:
    images.write_run(path)
    (path / "split.json").write_text(json.dumps({"train": ["a"], "val": ["b"], "test": []}))


def _exported(path: Path) -> Any:
    made = exportable(path)
    return [made.network.state_dict(), made.example, made.names, made.note]


def _network(path: Path) -> Any:
    found: Any = load(path)
    return [found.model.network.state_dict(), found.rates, found.taught, found.usual]
