"""Lists the commands, by the first line of what each says of itself, or runs one of them."""

import ast
import re
import sys
from importlib import import_module
from pathlib import Path

from temporal_pose.files.ending import errors_as_lines


@errors_as_lines()
def main() -> None:
    """Runs the command that is named first, with the rest as its settings; or lists them all."""
    known = {name.removeprefix("temporal_pose."): name for name in commands()}
    wanted = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if wanted in known:
        module = import_module(known[wanted])
        if hasattr(module, "__path__"):  # a folder, such as bench
            module = import_module(f"{known[wanted]}.__main__")
        sys.argv = [str(module.__file__), *sys.argv[2:]]
        module.main()
        return
    if wanted not in ("--help", "-h"):
        print(
            f"error: command '{wanted}' is unknown; expected one of {', '.join(known)}",
            file=sys.stderr,
        )
        sys.exit(2)
    print("Commands; --help after one of them shows what it takes:\n")
    for name, summary in commands().items():
        print(f"  python -m {name:<29}{summary}")
    print("\ntemporal-pose refine ... is short for python -m temporal_pose.refine ...")


def commands() -> dict[str, str]:
    """What each command does, by the name that Python runs it under."""
    package = Path(__file__).parent
    found: dict[str, str] = {}
    for file in sorted([*package.glob("[a-z]*.py"), *package.glob("*/[a-z]*.py")]):
        _add(found, file)
    for file in sorted(package.rglob("__main__.py"), key=lambda file: file.parts[:-1]):
        _add(found, file)
    return found


def _add(found: dict[str, str], file: Path) -> None:
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    name = re.search(r"``python -m ([\w.]+)", text)
    parts = file.relative_to(Path(__file__).parents[1]).with_suffix("").parts
    own = ".".join(part for part in parts if part != "__main__")
    if name and name[1] == own:
        found[own] = re.split(r": ``|\.\n|\.$", text)[0].replace("\n", " ")


if __name__ == "__main__":
    main()
