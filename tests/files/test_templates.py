from pathlib import Path

import pytest

from temporal_pose.files.templates import filled


def test_places_are_filled_once(tmp_path: Path) -> None:
    """What is put in may look like a place; it stays as it is."""
    (tmp_path / "a.html").write_text("<b>{{title}}</b> {x} {{ no }} {{title}}{{end}}")
    made = filled(tmp_path / "a.html", {"title": "{{end}} \\1 ü", "end": "."})
    assert made == "<b>{{end}} \\1 ü</b> {x} {{ no }} {{end}} \\1 ü."


def test_what_pages_share_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<script>\n{{canvas}}\n</script>")
    made = filled(tmp_path / "a.html", {})
    assert made.startswith("<script>\nconst data = ") and made.endswith("}\n</script>")


def test_a_place_that_nothing_is_for(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("{{nothing}}")
    with pytest.raises(KeyError):
        filled(tmp_path / "a.html", {})
