"""The shape of the package: imports point down, only entry points know Hydra, nothing is long."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
import yaml

PACKAGE = Path(__file__).parents[1] / "temporal_pose"
CONF = PACKAGE.parent / "conf"
FILES = sorted(PACKAGE.rglob("*.py"))

#: From top to bottom; what stands side by side never imports each other.
LEVELS = (
    ("commands",),
    ("app",),
    ("training",),
    ("exploring", "reporting"),
    ("refining",),
    ("data", "detectors"),
    ("formats", "footage", "models", "filters", "inputs", "runs"),
    ("pose",),
    ("files",),
    ("errors",),
)
DEPTH = {room: depth for depth, rooms in enumerate(LEVELS) for room in rooms}


@cache
def parsed(file: Path) -> ast.Module:
    """A file's syntax; each is read once."""
    return ast.parse(file.read_text(encoding="utf-8"))


def layer_of(parts: tuple[str, ...]) -> str:
    """The room of a module inside the package, given by its path or its dotted name."""
    first = parts[0].removesuffix(".py") if parts else "errors"
    return first if first in DEPTH else "commands"


def imports(file: Path) -> Iterator[str]:
    """Dotted names of all that a file imports, wherever in the file."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}, line {node.lineno}: import by the full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(file: Path) -> Iterator[tuple[str, ...]]:
    """Paths, inside the package, of the modules of ours that a file imports."""
    for name in imports(file):
        top, *parts = name.split(".")
        if top == PACKAGE.name:
            yield tuple(parts)


def test_the_package_is_found() -> None:
    names = {layer_of(file.relative_to(PACKAGE).parts) for file in FILES}
    assert names >= set(DEPTH) - {"exploring"}


def test_imports_point_down() -> None:
    for file in FILES:
        layer = layer_of(file.relative_to(PACKAGE).parts)
        for parts in ours(file):
            other = layer_of(parts)
            assert other == layer or DEPTH[other] > DEPTH[layer], (file, ".".join(parts))


def test_no_files_need_each_other() -> None:
    """Also where one imports the other inside a function."""
    names = {_dotted(file): file for file in FILES}
    needs = {
        name: {found for parts in ours(file) if (found := _module(parts, names))} - {name}
        for name, file in names.items()
    }
    while done := {name for name, others in needs.items() if not others & needs.keys()}:
        for name in done:
            del needs[name]
    assert needs == {}


def _dotted(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _module(parts: tuple[str, ...], names: Mapping[str, Path]) -> str | None:
    """The file that an import names: a module, or what is in one."""
    places = (".".join(parts[:length]) for length in (len(parts), len(parts) - 1))
    return next((place for place in places if place and place in names), None)


#: What neighbours share.
BASES = ("models.initial", "models.dilated", "models.means", "models.sizes")


@pytest.mark.parametrize("folder", ["models"])
def test_nothing_imports_its_neighbour(folder) -> None:
    for file in (PACKAGE / folder).glob("*.py"):
        near = [".".join(parts) for parts in ours(file) if parts[0] == folder]
        assert [name for name in near if not name.startswith(BASES)] == [], file.name


def test_no_detector_imports_another() -> None:
    """A detector is what a file in ``conf/detector`` names; what they share stands beside them."""
    targets = (yaml.safe_load(file.read_text())["_target_"] for file in CONF.glob("detector/*"))
    names = {target.split(".")[2] for target in targets}
    for name in names:
        for file in (PACKAGE / "detectors").rglob("*.py"):
            if file.stem == name or file.parent.name == name:
                known = {parts[1] for parts in ours(file) if parts[0] == "detectors"}
                assert not known & (names - {name}), file.name


def test_only_commands_and_their_frame_know_hydra() -> None:
    for file in FILES:
        if layer_of(file.relative_to(PACKAGE).parts) not in ("commands", "app"):
            known = {name.split(".")[0] for name in imports(file)}
            assert not known & {"hydra", "omegaconf"}, file


def test_no_file_is_long() -> None:
    for file in FILES:
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 280, file


def test_no_function_is_long() -> None:
    """Counted without signature and docstring."""
    for file in FILES:
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                length = node.end_lineno - body[0].lineno + 1 if body else 0
                assert length <= 32, f"{file}: {node.name} has {length} lines"


def test_commands_are_short() -> None:
    """What they do stands in the rooms below, where it can be used without a command line."""
    for file in PACKAGE.glob("*.py"):
        if file.name != "__init__.py":
            assert len(file.read_text(encoding="utf-8").splitlines()) <= 60, file.name


def test_no_two_classes_have_one_name() -> None:
    places = defaultdict(list)
    for file in FILES:
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(file.relative_to(PACKAGE)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


#: The same in every room: what its members have in common, and what is run.
COMMON = ("__init__", "__main__", "protocol", "base")


def test_no_two_files_have_one_name() -> None:
    """But for benchmarks, which bear the name of what they measure."""
    places = defaultdict(list)
    for file in FILES:
        place = file.relative_to(PACKAGE)
        if place.parts[0] != "bench" and file.stem not in COMMON:
            places[file.stem].append(str(place))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_tests_mirror_the_package() -> None:
    """A folder of tests is one of the package, and each room has one; what tests share aside."""
    tests = Path(__file__).parent
    shared = ("fuzzing", "extra", "__pycache__")
    for folder in (path for path in tests.rglob("*") if path.is_dir()):
        place = folder.relative_to(tests)
        assert (
            place.parts[0] in shared or "__pycache__" in place.parts or (PACKAGE / place).is_dir()
        ), place
    rooms = {file.relative_to(PACKAGE).parts[0] for file in FILES if file.parent != PACKAGE}
    assert {room for room in rooms if not any((tests / room).rglob("test_*.py"))} == set()


def test_models_are_asked_in_one_place() -> None:
    """What is trained, scored, drawn and used is then the same."""
    asking = {
        str(file.relative_to(PACKAGE))
        for file in FILES
        for node in ast.walk(parsed(file))
        if file.parent.name not in ("bench", "models")  # others' networks; one within another
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "network"
    }
    of_images = {"training/detector.py", "detectors/hourglass.py"}
    inside = {"exploring/walks.py", "exploring/collecting.py", "app/exporting.py"}
    assert asking - of_images - inside == {"refining/window_refiner.py"}
