"""Where results come from: data, runs, seeds, code; and what does not fit together."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from temporal_pose.files.escaping import one_line
from temporal_pose.reporting.finished import Results, Run
from temporal_pose.runs.results import TEST

#: What must be said of a data set wherever a figure of it is shown, by the kind of its truth.
REMARKS: Mapping[str, str] = {
    "annotated": "",
    "simulated": "an articulated body made from a seed, not a real recording",
    "pseudo": "pseudo ground truth",
    "none": "no ground truth: the detector's own output, which says nothing of accuracy",
}

#: The kind of truth where the configuration does not say it, by a word that the reader's has.
_TRUTHS: Mapping[str, str] = {"synthetic": "simulated", "aist": "pseudo", "speed21": "none"}

#: Shares: how far two runs' values of the same input may lie apart, by a rounding here or there.
TOLERANCE = 5e-4


def data_names(results: Results) -> str:
    """The data in a few words, as captions need it."""
    return "; ".join(sorted({_name(run) for run in results.runs}))


def notes(results: Results) -> list[str]:
    """One line each on the data, the runs, the seeds and the code."""
    data = sorted({_data(run) for run in results.runs})
    seeds = sorted({run.seed for run in results.runs})
    commits = sorted({run.git or "unknown" for run in results.runs})
    lines = [
        f"Data: {'; '.join(data)}.",
        f"Finished runs: {len(results.runs)}, of {len({r.model for r in results.runs})} models.",
        f"Seeds: {', '.join(map(str, seeds))}.",
        f"Experiments are named k.setup, setups being {_setups(results)}.",
        f"Code: {_many('commit', commits)} (a plus sign: changed since).",
    ]
    if len(data) > 1:
        lines.append("The runs were made on different data: compare only those of the same.")
    return lines


def disagreements(results: Results, k: float, setup: str) -> list[str]:
    """Says of each seed of an experiment whose runs were not given the same input, judged by the
    scores of the identity function.
    """
    runs = [run for run in results.runs if (run.setup, run.k) == (setup, k)]
    by_turn: dict[tuple[int, int], list[Run]] = {}
    for run in runs:
        by_turn.setdefault(run.turn, []).append(run)
    texts = (_disagreement(same, results) for _, same in sorted(by_turn.items()))
    return [text for text in texts if text]


def _disagreement(runs: Sequence[Run], results: Results) -> str:
    for threshold in reversed(results.thresholds()):
        values = {run.model: run.scores.get(TEST.raw + threshold) for run in runs}
        known = {model: value for model, value in values.items() if value is not None}
        if known and max(known.values()) - min(known.values()) > TOLERANCE:
            return (
                f"‡: the runs of {runs[0].experiment}, seed {runs[0].seed}, were not tested on "
                f"the same input (other data or other noise), for the {threshold.upper()} of "
                f"their identity function differs: {_listed(known, results)}. "
                "Do not compare their rows."
            )
    return ""


def _listed(values: Mapping[str, float], results: Results) -> str:
    """Shares in percent, each with the models that have it."""
    owners: dict[str, list[str]] = {}
    for model in results.models:
        if model.key in values:
            owners.setdefault(f"{100 * values[model.key]:.2f}", []).append(model.name)
    return "; ".join(f"{value} ({', '.join(names)})" for value, names in owners.items())


def _name(run: Run) -> str:
    title = run.settings("data").get("title")
    parts = (_class(part) for part in _parts(_reader(run)))
    name = one_line(str(title)) if title else " + ".join(parts)
    remark = "; ".join(filter(None, map(_remark, _truths(run))))
    return f"{name}{_input(run)}" + (f" ({remark})" if remark else "")


def _truths(run: Run) -> list[str]:
    """Kinds of truth: as the configuration says, else as its reader's words let one guess."""
    truth = run.settings("data").get("truth")
    if truth is not None:
        return [str(truth)]
    words = str(_reader(run)).lower()
    return [truth for word, truth in _TRUTHS.items() if word in words]


def _remark(truth: str) -> str:
    return REMARKS.get(truth, f"truth: {one_line(truth, 40)}")


def _input(run: Run) -> str:
    """Whose detections were refined: a real detector's, or simulated ones.

    Recorded ones are a real detector's, but of a simulated body, which has no pictures.
    """
    if not run.config.get("input"):
        return ""
    target = str(run.settings("input").get("_target_", ""))
    if target.rpartition(".")[2] != "Recording":
        return " with simulated detector noise"
    return f" with {'simulated' if 'simulated' in _truths(run) else 'real'} detections"


def _data(run: Run) -> str:
    parts = ", ".join(_settings(part) for part in _parts(_reader(run)))
    return f"{_name(run)}: {parts}" if parts else _name(run)


def _reader(run: Run) -> Mapping[str, Any]:
    """The reader of the poses; one that only adds detections to another's is not the source."""
    reader: Mapping[str, Any] = {}
    inner = run.settings("data").get("reader")
    while isinstance(inner, Mapping):
        reader, inner = inner, inner.get("reader")
    return reader


def _parts(reader: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The readers that a combined one is made of, or the one there is."""
    several = reader.get("readers")
    parts = list(several.values()) if isinstance(several, Mapping) else [reader]
    return [part for part in parts if isinstance(part, Mapping)]


def _class(reader: Mapping[str, Any]) -> str:
    """The data set's name: 'Penn Action' of ``...penn_action.PennAction``."""
    name = str(reader.get("_target_", "unknown data")).rpartition(".")[2]
    spaced = "".join(f" {c}" if c.isupper() else c for c in name).strip()
    return "synthetic data" if spaced == "Synthetic" else one_line(spaced, 40)


def _settings(reader: Mapping[str, Any]) -> str:
    """The reader's settings in words; of a folder only the name, which tells no one's home."""
    shown = {name: value for name, value in reader.items() if name != "_target_"}
    if shown.get("root") is not None:
        shown["root"] = Path(str(shown["root"])).name
    return ", ".join(f"{name} {_plain(value)}" for name, value in shown.items() if value != [])


def _setups(results: Results) -> str:
    """What the configurations say of each setup that has runs."""
    found = {}
    for run in results.runs:
        row = run.settings("setups").get(f"setup{run.setup}")
        said = row.items() if isinstance(row, Mapping) else ()
        text = ", ".join(f"{str(n).replace('_', ' ')} {_plain(value)}" for n, value in said)
        found[run.setup] = f"{run.setup} ({text})" if text else run.setup
    return ", ".join(found[setup] for setup in sorted(found))


def _plain(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return one_line(text, 100)


def _many(word: str, items: Sequence[str]) -> str:
    return f"{word}{'s' if len(items) > 1 else ''} {', '.join(items)}"
