"""Refines anyone's keypoints: ``python -m temporal_pose.refine source=FILE_OR_FOLDER out=DIR``.

Each file comes back under its name and in its format, everything else in it as it was, and beside
it a page that shows what changed.
"""

from dataclasses import replace

from omegaconf import DictConfig

from temporal_pose.app.cli import PartError, command
from temporal_pose.app.orders import found_by, order_of, part_of
from temporal_pose.app.outcomes import refined, whereabouts
from temporal_pose.app.refinery import draw_together
from temporal_pose.app.settings import check_refining
from temporal_pose.files.atomic import make_folder
from temporal_pose.files.ending import complain
from temporal_pose.files.escaping import one_line
from temporal_pose.refining.refined import reads_heatmaps


@command("refine")
def main(config: DictConfig) -> None:
    """Refines what is not refined yet, tells of each person, and of each file that cannot be."""
    check_refining(config)
    order = order_of(config)
    heatmaps = reads_heatmaps(order.recipe.refiner())  # before any file is read
    found = part_of(found_by(config, order, heatmaps), config.part)
    if order.film is not None and len(found.sources) > 1:
        order = replace(order, film=order.film._replace(shared=True))
    waiting = [one for one in found.sources if not order.note(one).finished(order.force)]
    make_folder(order.out)
    if found.others:
        print(one_line(f"note: no keypoint files: {', '.join(found.others)}"))
    done = refined(waiting, order, config.workers)
    failed = [*found.bad, *(one.error for one in done if one.error is not None)]
    undrawn = order.undrawn(waiting)
    for line in draw_together(found.sources, order) if undrawn else ():
        print(one_line(f"note: {line}"))
    for line in whereabouts(done, order, undrawn and order.shared_video.exists()):
        print(one_line(line))
    if not waiting and not undrawn:
        print(f"{config.out} is finished; force=true makes it again")
    for line in failed:
        complain(line)
    if failed:
        raise PartError(failed)


if __name__ == "__main__":
    main()
