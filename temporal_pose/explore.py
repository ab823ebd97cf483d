"""Looks inside a network: ``python -m temporal_pose.explore run=RUN out=latent``.

What a layer says of every sample of a data set, as one page: a map, clusters if there are any,
walks, what can be read off, and what the thesis found.
"""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from temporal_pose.app.cli import command, progress, typed
from temporal_pose.app.exploring import check, opened, settings
from temporal_pose.exploring.collecting import collect
from temporal_pose.exploring.exploration import Exploration, explore
from temporal_pose.exploring.exploration_files import PAGE, replacing, write


@command("explore")
def main(config: DictConfig) -> None:
    """Looks, writes the folder, and says what there is to see."""
    check(config)
    run = opened(config, typed(HydraConfig.get().overrides.task))
    out = Path(config.out).expanduser()
    places = run.places.tolist()
    with replacing(out) as folder, progress() as bar:
        task = bar.add_task("samples", total=len(places))
        samples = collect(
            run.subject,
            run.source,
            places,
            folder,
            config.dtype,
            config.pool,
            lambda count: bar.advance(task, count),
        )

        def say(text: str) -> None:
            bar.update(task, description=text)

        found = explore(samples, run.subject, run.source, places, settings(config), say)
        about = {"run": str(config.run), "part": config.part, "data": run.facts["data"]}
        write(found, folder, run.title, run.facts, about)
    _tell(found, out)


def _tell(found: Exploration, out: Path) -> None:
    width = found.samples.features.shape[1]
    print(f"{len(found.samples):,} samples of {width:,} features, layer {found.layer}")
    print(f"{found.components.needed():,} components hold 95 % of the variance")
    print(f"{found.verdict}: best silhouette {found.shown.silhouette:.2f} at k = {found.shown.k}")
    print(out / PAGE)


if __name__ == "__main__":
    main()
