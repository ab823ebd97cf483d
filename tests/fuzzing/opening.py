"""Functions of the package that open files, and whether a subject goes through them.

So a reader that no subject has fails a test, whatever it reads.
"""

import ast
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import temporal_pose

_ROOT = Path(temporal_pose.__file__).parent

#: What opens a file: functions by where they are imported from, or by module and name.
_OPENS = (
    *(f"temporal_pose.files.reading.{name}" for name in ("arrays", "mapped", "reading")),
    *(f"temporal_pose.files.documents.{name}" for name in ("read_json", "read_yaml")),
    *(f"temporal_pose.runs.weights.{name}" for name in ("load_weights", "read_checkpoint")),
    *("temporal_pose.files.matlab.read", "zarr.open_group", "av.open", "Image.open", "h5py.File"),
    *("json.load", "np.load", "torch.load", "onnx.load", "yaml.safe_load", "scipy.io.loadmat"),
    *("onnxruntime.InferenceSession", "zipfile.ZipFile"),
)
#: And methods of paths.
_METHODS = ("open", "read_text", "read_bytes")

#: Functions that are no reader of what comes from outside, and why.
ELSEWHERE: Mapping[str, str] = {
    "__main__.py _add": "the package's own",
    "app/manual.py explained": "conf/",
    "app/manual.py heading": "conf/",
    "exploring/latent_page.py _figure": "a picture that was made just now",
    "files/constructing.py targets_in": "conf/",
    "files/options.py _read": "conf/",
    "files/templates.py filled": "pages of the package itself",
    "formats/known.py _made": "conf/",
    "reporting/tables/corrected.py _read": "the package's own",
    "runs/exported.py _converted": "a file that was written just now",
    "runs/exported.py _difference": "a file that was written just now",
    "app/noise_fits.py fitted": "what was written just now",
    "app/reports.py check_place": "bytes, which nothing is made of",
    "files/finding.py _content": "bytes, which nothing is made of",
    "files/ending.py quiet_on_broken_pipe": "no file",
    "runs/records.py Record.write": "only writes",
    "detectors/blazepose/fetching.py _said": "what pip says, in a file of our own",
    "detectors/blazepose/fetching.py downloaded": "only writes",
    "detectors/blazepose/inference.py _silent": "no file",
    "files/matlab.py _read": "in a process of its own, which subjects of .mat files ask",
    "app/saved_runs.py task_of": "as load_run of the same file",
    "app/sweeps.py plan": "as train/resumed",
    "finetune.py from_pretraining": "as load_run of the same file",
    "training/fitting.py GradientDescent.__call__": "as train/resumed, and what it wrote itself",
}


def opening() -> set[str]:
    """Functions that open files, as ``module.py Class.function``."""
    found: set[str] = set()
    for file in sorted(_ROOT.rglob("*.py")):
        where = file.relative_to(_ROOT).as_posix()
        if not where.startswith("bench/"):
            tree = ast.parse(file.read_text())
            found |= {f"{where} {name}" for name in _within(tree, _imported(tree), "")}
    return found


def _imported(tree: ast.Module) -> dict[str, str]:
    """Where names come from."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _within(node: ast.AST, names: Mapping[str, str], inside: str) -> Iterator[str]:
    if isinstance(node, ast.Call) and inside and _opens(node.func, names):
        yield inside
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.ClassDef)
        yield from _within(child, names, f"{inside}.{child.name}".lstrip(".") if named else inside)


def _opens(function: ast.expr, names: Mapping[str, str]) -> bool:
    if isinstance(function, ast.Name):
        return names.get(function.id) in _OPENS
    if not isinstance(function, ast.Attribute):
        return False
    owner = ast.unparse(function.value)
    whole = f"{names.get(owner, owner)}.{function.attr}"
    return whole in _OPENS or f"{owner}.{function.attr}" in _OPENS or function.attr in _METHODS


@contextmanager
def entered(into: set[str]) -> Iterator[None]:
    """Notes which functions of the package are called, in the form of `opening`."""
    start = f"{_ROOT}/"

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(start):
            name = code.co_qualname.replace(".<locals>", "")
            into.add(f"{code.co_filename.removeprefix(start)} {name}")

    before = sys.gettrace()
    sys.settrace(note)
    threading.settrace(note)
    try:
        yield
    finally:
        sys.settrace(before)
        threading.settrace(before)  # type: ignore[arg-type]
