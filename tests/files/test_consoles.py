import pytest

from temporal_pose.files.consoles import wide_console


@pytest.mark.parametrize("columns", [71, 130])
def test_without_a_terminal_it_is_as_wide_as_told(monkeypatch, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert wide_console(columns).width == columns
    assert wide_console().width == 110


def test_who_says_how_wide_is_heard(monkeypatch):
    monkeypatch.setenv("COLUMNS", "57")
    assert wide_console().width == wide_console(130).width == 57
