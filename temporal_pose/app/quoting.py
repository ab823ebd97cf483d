"""Texts as one types them on Hydra's command line."""

import re

from hydra.core.override_parser.types import Quote, QuotedString


def quoted(text: str) -> str:
    """A text as one types it to Hydra, which gives back every letter of it."""
    escaped = re.sub(r"(\\*)\$\{", lambda found: f"{2 * found[1]}\\${{", text)  # no reference
    return QuotedString(escaped, Quote.single).with_quotes()
