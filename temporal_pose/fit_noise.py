"""Fits the simulated detector to a real one: ``python -m temporal_pose.fit_noise out=FILE.yaml``.

Pretraining takes the fit as ``input=fitted input.fit=FILE.yaml``.
"""

from omegaconf import DictConfig

from temporal_pose.app.cli import command
from temporal_pose.app.composing import build
from temporal_pose.app.noise_fits import fitted, origin, target
from temporal_pose.app.settings import check
from temporal_pose.data.module import PoseData
from temporal_pose.files.atomic import write_bytes, write_text
from temporal_pose.files.consoles import wide_console
from temporal_pose.reporting.noise_fit import figure, png, table


@command("fit_noise")
def main(config: DictConfig) -> None:
    """Fits to the training side, writes the fit and a figure, and shows real beside simulated."""
    check(config)
    out = target(config)
    data: PoseData = build(config.objects.data)
    data.setup()
    content, compared = fitted(data, config.seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, origin(config, data) + content)
    write_bytes(out.with_suffix(".png"), png(figure(compared)))
    wide_console().print(table(compared), highlight=False)
    print(f"{out}\n{out.with_suffix('.png')}")


if __name__ == "__main__":
    main()
