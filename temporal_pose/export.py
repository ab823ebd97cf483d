"""Writes a trained network as ONNX: ``python -m temporal_pose.export run=RUN out=FILE.onnx``.

The file is compared with torch before it is written, and holds a note of shapes and units.
"""

from pathlib import Path

from omegaconf import DictConfig

from temporal_pose.app.cli import command
from temporal_pose.app.exporting import check, exportable
from temporal_pose.files.atomic import make_folder
from temporal_pose.runs.exported import export


@command("export")
def main(config: DictConfig) -> None:
    """Exports, and says what goes in and what comes out."""
    check(config)
    out = Path(config.out).expanduser()
    made = exportable(Path(config.run).expanduser())
    make_folder(out.parent)
    apart = export(made.network, made.example, made.names, made.note, out)
    for name in ("input", "output"):
        print(f"{name}: {made.note[name]}")
    print(f"{out}: at most {apart:.1g} from torch")


if __name__ == "__main__":
    main()
