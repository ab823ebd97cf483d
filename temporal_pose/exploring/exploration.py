"""All that is found out about a latent space, in one go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import ConfigError
from temporal_pose.exploring.clusters import Partition, best, extended, hdbscan, partitions
from temporal_pose.exploring.collecting import FeatureSource, Subject, without_skips
from temporal_pose.exploring.components import Components, components
from temporal_pose.exploring.embedding import tsne
from temporal_pose.exploring.findings import Evidence, Finding, findings
from temporal_pose.exploring.probes import Probe, probes
from temporal_pose.exploring.sample_columns import error, pose_columns
from temporal_pose.exploring.samples import Samples
from temporal_pose.exploring.skips import SkipsOff, cut
from temporal_pose.exploring.walks import Decoder, Walk, between, extremes, walks

_SEARCHED = 4000  # samples that clusters are looked for among; the others follow
_CLUSTERED = 100  # components that clusters are looked for in
_DENSE = 10  # components that density is looked for in
_MAPPED = 50  # components that t-SNE sees
_CUT = 1000  # samples that are looked at without branches


@dataclass(frozen=True)
class Settings:
    """What may be chosen.

    Args:
        seed: of all that chance decides.
        clusters: the largest k of k-means; the smallest is 2.
        mapped: samples of the t-SNE map; 0 for none.
        between: places of the two samples to interpolate between; None for the ends of the first
            component.
    """

    seed: int = 0
    clusters: int = 10
    mapped: int = 3000
    between: tuple[int, int] | None = None


@dataclass(frozen=True)
class Exploration:
    """What was found.

    Args:
        layer: whose values the features are.
        seed: of all that chance decides.
        samples: with all columns.
        components: principal ones.
        held: share of the variance of the components that clusters were looked for in.
        mapped: places of the samples of the t-SNE map.
        map: their positions, without a unit.
        partitions: k-means for each k.
        found: the clusters there are; None for none.
        dense: clusters by density, -1 for none.
        walks: along components, then between two samples.
        cut: with branches off; None where the network has none.
        probes: linear ones.
        findings: the thesis's.
        names: of the two samples that are interpolated between.
    """

    layer: str
    seed: int
    samples: Samples
    components: Components
    held: float
    mapped: Int[np.ndarray, " M"]
    map: Float[np.ndarray, "M 2"]
    partitions: list[Partition]
    found: Partition | None
    dense: Int[np.ndarray, " N"]
    walks: list[Walk]
    cut: SkipsOff | None
    probes: list[Probe]
    findings: list[Finding]
    names: tuple[str, str]

    @property
    def shown(self) -> Partition:
        """The clusters there are, or else what k-means cuts best."""
        return self.found or max(self.partitions, key=lambda one: one.silhouette)

    @property
    def verdict(self) -> str:
        """A sentence on whether there are clusters."""
        if self.found is not None:
            return f"{self.found.k} clusters"
        return "no clusters"


def explore(
    samples: Samples,
    subject: Subject,
    source: FeatureSource,
    places: Sequence[int],
    settings: Settings,
    say: Callable[[str], None] = lambda _: None,
) -> Exploration:
    """Finds out all there is.

    Args:
        samples: of these places, as `collect` gives them.
        places: of the samples in the source.
        say: told what is done next.

    Raises:
        ConfigError: samples to interpolate between that are not there; too many features.
        DataError: fewer different samples than clusters.
    """
    ends = _checked(settings.between, len(samples))
    say("principal components")
    found = components(samples.features)
    samples = samples.with_columns(**_columns(samples))
    say("clusters")
    kept = min(found.needed(), _CLUSTERED, found.scores.shape[1])
    parts, dense = _partitions(found.scores[:, :kept], settings), hdbscan(found.scores[:, :_DENSE])
    say("t-SNE")
    mapped, plane = _map(found, settings)
    say("walks, branches and probes")
    decode = decoder(samples, found, subject, source, places)
    first, last = ends or extremes(found, (samples.labels > 0).sum(1))
    along = walks(found, decode)
    off = _cut(samples, subject, source, places)
    chosen, seed = best(parts), settings.seed
    return Exploration(
        layer=subject.layer,
        seed=seed,
        samples=samples.with_columns(**_labels(parts, chosen, dense)),
        components=found,
        held=float(found.explained[:kept].sum()),
        mapped=mapped,
        map=plane,
        partitions=parts,
        found=chosen,
        dense=dense,
        walks=[*along, between(found, decode, first, last)],
        cut=off,
        probes=probes(found.scores, samples.columns, samples.groups, settings.seed),
        findings=findings(Evidence(samples, found, parts, along, off)),
        names=(samples.names[first], samples.names[last]),
    )


def _map(
    found: Components, settings: Settings
) -> tuple[Int[np.ndarray, " M"], Float[np.ndarray, "M 2"]]:
    """Places of the samples of the map, and where they are on it; of fewer than four nothing."""
    mapped = np.sort(_drawn(len(found.scores), settings.mapped, settings.seed))
    if len(mapped) < 4:
        return mapped[:0], np.zeros((0, 2))
    return mapped, tsne(found.scores[mapped, :_MAPPED], settings.seed)


def decoder(
    samples: Samples,
    found: Components,
    subject: Subject,
    source: FeatureSource,
    places: Sequence[int],
) -> Decoder | None:
    """Decodes features within the sample that is nearest to the mean, with branches off.

    None where features are not what the layer gives, for its maps were averaged.
    """
    middle = int((found.scores**2).sum(1).argmin())
    ((inputs, _),) = source.batches([places[middle]])
    made = Decoder(subject.network, subject.layer, inputs, subject.read, subject.skips)
    try:
        made(np.asarray(samples.features[middle : middle + 1], np.float32))
    except RuntimeError:
        return None
    return made


def _columns(samples: Samples) -> Mapping[str, Float[np.ndarray, " N"]]:
    poses = samples.poses
    own = pose_columns(poses, samples.labels, samples.skeleton)
    return own | {"error": error(samples.predicted, poses)}


def _labels(
    parts: Sequence[Partition], chosen: Partition | None, dense: Int[np.ndarray, " N"]
) -> Mapping[str, Float[np.ndarray, " N"]]:
    shown = chosen or max(parts, key=lambda one: one.silhouette)
    return {"kmeans": shown.labels + 1.0, "hdbscan": dense + 1.0}


def _partitions(scores: Float[np.ndarray, "N C"], settings: Settings) -> list[Partition]:
    chosen = _drawn(len(scores), _SEARCHED, settings.seed)
    made = partitions(scores[chosen], range(2, settings.clusters + 1), settings.seed)
    return [extended(one, scores[chosen], scores) for one in made]


def _cut(
    samples: Samples, subject: Subject, source: FeatureSource, places: Sequence[int]
) -> SkipsOff | None:
    if not subject.skips:
        return None
    without = without_skips(subject, source, places[:_CUT])
    return cut(samples.poses, samples.predicted, without, subject.skeleton)


def _drawn(count: int, most: int, seed: int) -> Int[np.ndarray, " n"]:
    if count <= most:
        return np.arange(count)
    return np.random.default_rng(seed).permutation(count)[:most]


def _checked(ends: tuple[int, int] | None, count: int) -> tuple[int, int] | None:
    if ends is not None and not all(1 <= one <= count for one in ends):
        raise ConfigError(
            f"between is {list(ends)}; expected two numbers of samples, 1 to {count}"
        )
    return None if ends is None else (ends[0] - 1, ends[1] - 1)
