"""A table says the same as Markdown, LaTeX, CSV and text, and nothing in it works there."""

import csv
import io
import re

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from temporal_pose.reporting.finished import read_results
from temporal_pose.reporting.page import own_tables
from temporal_pose.reporting.tables.scores import keypoint_tables, pck_table
from temporal_pose.reporting.tables.writing import latex, markdown, sheet, terminal, tidy

FORMS = ("markdown", "latex")


def read(folders):
    return read_results(folders.root, "pretrain")


def parsed(table, form):
    """The body of a table by row, as text without bold type."""
    if form == "markdown":
        lines = [line.strip("| ").split(" | ") for line in markdown(table, 1).splitlines()[3:]]
        lines = [line for line in lines if len(line) > 1]
    else:
        body = latex([table]).split(r"\midrule")[1].split(r"\bottomrule")[0]
        body = body.replace("--", "–").replace(r"$\pm$", "±").replace(r"$^\dagger$", "†")
        body = body.replace(r"$^\ddagger$", "‡").replace(r"\_", "_")
        body = re.sub(r"\\textbf\{([^}]*)\}", r"**\1**", body)
        lines = [line.removesuffix(r" \\").split(" & ") for line in body.strip().splitlines()]
    return {line[0].replace("\\", ""): line[1:] for line in lines}


def test_a_lag_is_a_row_of_the_tidy_sheet(folders):
    folders.add(lag=-0.25, identity_lag=float("nan"), val_error=2.0)
    lines = list(csv.DictReader(io.StringIO(tidy(read(folders)))))
    values = {line["metric"]: line["value"] for line in lines}
    assert (values["test/lag_frames"], values["identity/lag_frames"]) == ("-0.25", "")
    assert values["val/error_px"] == "2.0"


@pytest.fixture
def varied(folders):
    """A table with everything that can be in one."""
    for seed in (1, 2):
        folders.add("conv3d", seed=seed, pck=(0.5 + 0.01 * seed, 0.5, 0.9))
    folders.add("my_net", setup=2, pck=(0.1, 0.7, 0.8))
    folders.add("deciwatch", setup=2, pck=(0.15, 0.9, 0.8), identity=(0.1, 0.5, 0.7))
    return read(folders)


@pytest.mark.parametrize("form", FORMS)
def test_pages_parse_back_to_the_same_numbers(varied, form):
    table = pck_table(varied, 1)
    found = parsed(table, form)
    for name, cells in table.rows:
        shown = [f"**{c.number()}**" if c.best else c.number() for c in cells]
        assert found[name] == [n + c.signs for n, c in zip(shown, cells, strict=True)]
    assert found["Conv3D"][0] == "**51.5 ± 0.7**"
    assert found["my_net"][1] == "10.0†"


def test_latex_has_as_many_cells_in_every_line(varied):
    for table in own_tables(varied, (), None):
        text = latex([table])
        width = len(re.search(r"\{l(r+)\}", text)[1])
        lines = text.split(r"\toprule")[1].split(r"\bottomrule")[0].splitlines()
        for line in (line for line in lines if line.endswith(r"\\")):
            spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d+)\}", line)]
            assert line.count(" & ") - len(spans) + sum(spans) == width
        assert text.count("{") == text.count("}")
        assert not re.search(r"(?<!\\)[%#](?! \\usepackage)", text)
        assert text.isascii()


def test_sheets_parse_back_to_the_same_numbers(varied):
    table = pck_table(varied, 1)
    lines = {line["Accuracy metric"]: line for line in csv.DictReader(io.StringIO(sheet(table)))}
    assert float(lines["Conv3D"]["PCK@0.05 1.1"]) == pytest.approx(51.5)
    assert float(lines["Conv3D"]["PCK@0.05 1.1 sd"]) == pytest.approx(0.5**0.5, rel=1e-5)
    assert lines["Conv3D"]["PCK@0.05 1.1 seeds"] == "2"
    assert lines["Conv3D"]["PCK@0.05 1.2"] == lines["my_net"]["PCK@0.05 1.2 sd"] == ""
    assert lines["my_net"]["PCK@0.05 1.1 seeds"] == "0"


def test_every_metric_of_every_run_is_in_the_tidy_sheet(folders):
    folders.add("deciwatch", setup=3, k=2, seed=5, pck=(0.1, 1 / 3, 0.9), errors=(1.0, None))
    lines = list(csv.DictReader(io.StringIO(tidy(read(folders)))))
    values = {line.pop("metric"): line.pop("value") for line in lines}
    assert float(values["test/pck@0.1"]) == 1 / 3
    assert values["test/accel_error_px"] == ""
    assert lines[0] == {
        **{"stage": "pretrain", "model": "deciwatch", "setup": "3", "k": "2", "seed": "5"},
        **{"fold": "", "config_hash": "f00d", "git": "abc123+"},
    }


def typeset(table, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(terminal(table, 1, width))
    return console.export_text().splitlines()


def test_the_terminal_shows_the_same_means_and_marks_the_best_without_bold(varied):
    lines = typeset(pck_table(varied, 1), 100)
    assert max(map(len, lines)) <= 100
    line = next(line for line in lines if line.startswith("Conv3D"))
    assert line.removeprefix("Conv3D").split() == ["51.5*", "–", "50.0†", "–", "90.0*", "–"]
    assert "*: best of its column." in lines
    assert not any("Bold" in line for line in lines)


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_what_is_too_wide_for_the_terminal_stands_below_each_other(folders, width):
    for k in (1, 2):
        for setup in (1, 2, 3):
            folders.add("conv3d", setup=setup, k=k, pck=(0.1 * setup, 0.25, 1.0))
    (table,) = keypoint_tables(read(folders), 1)
    lines = typeset(pck_table(read(folders), 1), width)
    assert max(map(len, lines)) <= width
    found = [line.split()[1:] for line in lines if line.startswith("Conv3D")]
    shown = [number.rstrip("*†") for part in found for number in part]
    assert shown == ["10.0", "20.0", "30.0", *["25.0"] * 3, *["100.0"] * 3]
    assert max(map(len, typeset(table, width))) <= width


HOSTILE = "[x](javascript:alert(1)) |\n# <b>&lt;\x1b[31m$\\frac{`_*~\u202e http://e.vil www.e.vil"


@pytest.fixture
def hostile(folders):
    """Tables whose names come from files that lie."""
    folders.add("conv3d", title=HOSTILE, groups={HOSTILE: 0.5}, git=HOSTILE)
    folders.add("=cmd|' calc'!A1", title="=cmd|' calc'!A1", data={"title": HOSTILE})
    return read(folders)


def test_markdown_stays_what_it_is(hostile):
    html = MarkdownIt("commonmark").enable("table")
    for table in own_tables(hostile, (), None):
        text = markdown(table, 1)
        assert not re.search(r"(?<!\\)\[", text)
        assert not re.search(r"(?<!\\)<(?!br>)", text)
        assert "http://" not in text
        assert " www." not in text
        lines = [line for line in text.splitlines() if line.startswith("| ")]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1
        page = html.render(text)
        assert not re.search(r"<(?!/?(p|table|thead|tbody|tr|th|td|strong|br)\b)", page)


def test_latex_stays_what_it_is(hostile):
    text = latex(own_tables(hostile, (), None))
    assert text.isascii()
    assert not re.search(r"(?<!\\)[%#](?! \\usepackage)", text)
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    commands = set(re.findall(r"\\([A-Za-z]+)", text))
    assert commands <= {
        *("usepackage", "input", "begin", "end", "centering", "caption", "label", "small"),
        *("scriptsize", "setlength", "tabcolsep", "toprule", "midrule", "bottomrule", "cmidrule"),
        *("multicolumn", "textbf", "textbackslash", "textless", "textgreater", "textbar"),
        *("textasciitilde", "textasciicircum", "pm", "dagger", "ddagger"),
    }
    assert not re.search(r"\\\\\s*[\[*]", text)  # an argument of the end of the row before


def test_no_cell_of_a_sheet_is_a_formula(hostile):
    for table in own_tables(hostile, (), None):
        for line in csv.reader(io.StringIO(sheet(table))):
            assert not line[0].startswith(("=", "+", "-", "@"))
            assert (
                all(re.fullmatch(r"-?[\d.e+-]*", cell) for cell in line[1:]) or "seeds" in line[-1]
            )
    for line in csv.DictReader(io.StringIO(tidy(hostile))):
        assert not any(line[name].startswith("=") for name in line)
    assert "'=cmd" in tidy(hostile)


def test_no_control_code_reaches_the_terminal(hostile):
    for table in own_tables(hostile, (), None):
        text = terminal(table, 1, 80).plain
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
