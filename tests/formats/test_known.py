from pathlib import Path

import pytest

from temporal_pose.errors import DataError
from temporal_pose.formats.known import recognised


@pytest.mark.parametrize("content", ["", "[]", "{}\n", " [] "])
def test_a_file_that_holds_nothing_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "nobody.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"nobody.json is empty: it holds no pose, .* format=$"):
        recognised(path)
