"""Where the configuration is: inside an installed package, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]

#: The folder of the YAML files.
CONF = next(p for p in (_PACKAGE / "conf", _PACKAGE.parent / "conf") if p.is_dir())
