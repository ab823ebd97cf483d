"""What a stranger's file holds looks like itself, and does nothing where it is shown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from temporal_pose.files.escaping import for_csv, for_figure, for_markdown, for_tex, one_line

ANY = st.text(st.characters(), max_size=60) | st.text(
    "[]()<>!*_`~#|\\&;$:/w.@e1 \n\t-+=", max_size=40
)


@given(ANY)
def test_a_terminal_gets_one_line_without_control_codes(text):
    shown = one_line(text)
    assert shown.isprintable() or not shown
    assert len(shown) <= 500
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is: ±½", "as it is: ±½"),
        (" two\n lines\t", "two lines"),
        ("\x1b[31mred\x07", "�[31mred�"),
        ("abc\u202ecba", "abc�cba"),
        ("lone \ud800 half", "lone � half"),
        ("x" * 21, "x" * 19 + "…"),
    ],
)
def test_one_line(text, shown):
    assert one_line(text, 20) == shown


@given(ANY)
def test_markdown_shows_the_text_and_nothing_else(text):
    """By another's renderer, which knows links, images, emphasis, code, headings and HTML."""
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for source in (for_markdown(text), f"- {for_markdown(text)}", f"| {for_markdown(text)} | a |"):
        tokens = page.parse(source)
        inline = [child for token in tokens for child in token.children or ()]
        assert {child.type for child in inline} <= {"text", "text_special"}
        block = {"paragraph", "bullet_list", "list_item", "inline"}
        assert {re.sub("_(open|close)$", "", token.type) for token in tokens} <= block
        shown = "".join(child.content for child in inline)
        assert one_line(text, 2000) in shown


@pytest.mark.parametrize(
    "link", ["http://e.vil", "https://e.vil", "www.e.vil", "WWW.E.VIL", "a@e.vil"]
)
def test_bare_addresses_are_no_links_on_github(link):
    """Which makes links of these as they are; a backslash, which is not shown, prevents that."""
    escaped = for_markdown(f"see {link} there")
    assert link not in escaped
    assert escaped.replace("\\", "") == f"see {link} there"


@pytest.mark.parametrize(
    "text", ["PCK@0.05", "k = 1.5", "test/pck@0.2", "1.1: Kalman", "-", "a. b"]
)
def test_our_own_words_stay_readable(text):
    assert for_markdown(f"x {text}") == f"x {text}"


@given(ANY)
def test_tex_gets_no_command_of_the_texts_own(text):
    shown = for_tex(text)
    assert shown.isascii()
    known = r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar)\{\}"
    bare = re.sub(known, "", shown)
    bare = re.sub(r"\\[&%$#_{}]|\{[][*]\}|\$\\pm\$|\$\^(\\dagger|\\ddagger|2|\\circ)\$", "", bare)
    assert not set(bare) & set('\\&%$#_{}~^<>|"[]*')


@given(ANY)
def test_no_cell_of_a_sheet_begins_a_formula(text):
    assert not re.match(r"[=+\-@\t\r\n]", for_csv(text))


def test_only_formulas_get_a_quote():
    assert for_csv("=cmd|' /C calc'!A1") == "'=cmd|' /C calc'!A1"
    assert for_csv("+1") == "'+1"
    assert for_csv("bi-ConvLSTM - sum.") == "bi-ConvLSTM - sum."


def test_dollars_are_dollars_in_a_figure():
    assert for_figure(r"a$\frac{$") == r"a\$\frac{\$"
