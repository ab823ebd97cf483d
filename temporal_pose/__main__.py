"""Lists the commands, by the first line of what each says of itself."""

import ast
import re
from pathlib import Path


def main() -> None:
    """Prints a line a command."""
    print("Commands; --help after one of them shows what it takes:\n")
    for name, summary in commands().items():
        print(f"  python -m {name:<29}{summary}")


def commands() -> dict[str, str]:
    """What each command does, by the name that Python runs it under."""
    package = Path(__file__).parent
    found: dict[str, str] = {}
    for file in sorted([*package.glob("[a-z]*.py"), *package.glob("*/[a-z]*.py")]):
        _add(found, file)
    for file in sorted(package.glob("*/__main__.py")):
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
