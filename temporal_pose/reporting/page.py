"""A report: its files by name, and the page that shows them together."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from temporal_pose.reporting.curves import learning_curves
from temporal_pose.reporting.events import Curves, read_curves
from temporal_pose.reporting.images import png, svg
from temporal_pose.reporting.latex import latex
from temporal_pose.reporting.markdown import markdown
from temporal_pose.reporting.provenance import data_names, notes
from temporal_pose.reporting.results import Results
from temporal_pose.reporting.sheets import sheet, tidy
from temporal_pose.reporting.table import Table
from temporal_pose.reporting.tables import all_tables
from temporal_pose.reporting.tradeoff import tradeoff
from temporal_pose.reporting.variants import Variant

_CAPTIONS = {
    "learning_curves": "Training loss, validation loss and validation PCK@0.05 of each epoch, "
    "a row of panels a model, a line a run. A dot is the first epoch with a lower learning rate; "
    "dashed lines are the identity function on the validation set",
    "tradeoff": "Position error (which counts lag as well) against acceleration error (jitter) on "
    "the test set, a point a model, mean over seeds; the lower left is best. Logarithmic axes. "
    "A number behind a name is its lag in frames, where that is 0.05 or more",
}


def report_files(results: Results, variants: Sequence[Variant] = ()) -> dict[str, bytes]:
    """Every file of a report by its name, the page first.

    Args:
        variants: to be compared, this report's own runs among them.
    """
    tables = all_tables(results, variants)
    curves = {str(run.path): read_curves(run.path) for run in results.runs}
    drawn = {"learning_curves": learning_curves(results, curves), "tradeoff": tradeoff(results)}
    figures = {name: figure for name, figure in drawn.items() if figure is not None}
    lines = [*notes(results), *_uncharted(results, curves)]
    texts = {"report.md": page(results, lines, tables, list(figures)), "tables.tex": latex(tables)}
    texts |= {f"{table.key}.csv": sheet(table) for table in tables}
    texts |= {"results.csv": tidy(results)}
    files = {name: text.encode() for name, text in texts.items()}
    return files | _images(figures)


def page(
    results: Results, lines: Sequence[str], tables: Sequence[Table], figures: Sequence[str]
) -> str:
    """The report as one page of Markdown.

    Args:
        lines: what to know before reading on.
        figures: names of those there are.
    """
    captions = [
        f"![Figure {n}]({name}.png)\n\n**Figure {n}.** {_CAPTIONS[name]}. "
        f"Data: {data_names(results)}. ([SVG]({name}.svg))\n"
        for n, name in enumerate(figures, 1)
    ]
    parts = [
        f"# Results: {results.stage}\n",
        "".join(f"- {line}\n" for line in lines),
        "## Tables\n",
        *(markdown(table, number) for number, table in enumerate(tables, 1)),
        *(["## Figures\n"] if captions else []),
        *captions,
        "All numbers: [results.csv](results.csv), a row per run and metric. For TeX: "
        "[tables.tex](tables.tex). Each table: "
        + ", ".join(f"[{table.key}.csv]({table.key}.csv)" for table in tables)
        + ".\n",
    ]
    return "\n".join(parts)


def _uncharted(results: Results, curves: Mapping[str, Curves]) -> list[str]:
    """Says which runs were trained but left no curves that could be read."""
    lost = [
        f"{run.model} {run.experiment} seed {run.seed}"
        for run in results.runs
        if run.scores.get("epochs") and not len(curves[str(run.path)]["train/loss"])
    ]
    return [f"Without readable TensorBoard events: {', '.join(lost)}."] if lost else []


def _images(figures: Mapping[str, Figure]) -> dict[str, bytes]:
    forms = {"png": png, "svg": svg}
    return {
        f"{name}.{form}": draw(figure)
        for name, figure in figures.items()
        for form, draw in forms.items()
    }
