"""Text from files, made harmless for where it is shown.

A name that a stranger's file holds may be a link, a formula, a command of TeX or of the terminal.
Each function gives text that looks like the original there and does nothing.
"""

import re
import unicodedata

#: What stands for a character that must not be shown: control codes, and marks that turn the
#: direction of writing.
_PLACEHOLDER = "\N{REPLACEMENT CHARACTER}"

_MARKDOWN = re.compile(r"[\\`*_\[\]<>|~$&]")

#: What GitHub makes a link of without brackets; a backslash inside ends that.
_BARE_LINKS = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?=@[\w.-]*[A-Za-z])", re.IGNORECASE)

#: What makes a line of Markdown a heading, a list, a quotation or a rule.
_LINE_START = re.compile(r"^(?=[#+=-])|^(\d+)(?=[.)](?:\s|$))")

_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': "''",
        **{sign: f"{{{sign}}}" for sign in "[]*"},  # at a row's start they are arguments of \\
        "–": "--",
        "±": r"$\pm$",
        "†": r"$^\dagger$",
        "‡": r"$^\ddagger$",
        "²": r"$^2$",
        "°": r"$^\circ$",
    }
)

#: What a spreadsheet takes for the start of a formula, in either width.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def one_line(text: str, most: int = 500) -> str:
    """Text for a terminal: one line, without control codes, and not longer than ``most``."""
    spaced = " ".join(text[: 4 * most].split())
    shown = "".join(_PLACEHOLDER if unicodedata.category(c)[0] == "C" else c for c in spaced)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def for_markdown(text: str, most: int = 2000) -> str:
    """Text for a page of Markdown, in which HTML would work as well."""
    line = _MARKDOWN.sub(r"\\\g<0>", one_line(text, most))
    line = _BARE_LINKS.sub(r"\\", line)
    return _LINE_START.sub(lambda start: f"{start[1] or ''}\\", line)


def for_tex(text: str, most: int = 2000) -> str:
    """Text for TeX, in ASCII; what TeX would need a package for becomes a question mark."""
    return one_line(text, most).translate(_TEX).encode("ascii", "replace").decode()


def for_csv(text: str) -> str:
    """Text for a cell of a spreadsheet, which would compute a formula."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def for_figure(text: str, most: int = 60) -> str:
    """Text for a figure, where dollar signs would enclose TeX."""
    return one_line(text, most).replace("$", r"\$")
