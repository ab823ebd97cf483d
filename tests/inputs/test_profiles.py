"""The numbers of a fit: as YAML, and everything that can be wrong with them."""

import pytest
import yaml

from temporal_pose.errors import ConfigError
from temporal_pose.inputs import profiles
from temporal_pose.inputs.profiles import Profile
from temporal_pose.pose.skeletons import CLIMBALONG25

PROFILE = Profile(
    *(0.002, 0.006, 0.004, 0.08, 1.5),
    *(0.1, 0.4, 0.6, 0.75, 0.9, 0.2),
    *(0.03, 0.08, 0.25, 0.11, 0.7),
    *(0.01, 0.05, 0.02, 0.3),
)
GROUPS = list(CLIMBALONG25.groups)


def content(profile: Profile = PROFILE, **changed: object) -> dict[str, object]:
    """A fit as YAML gives it: nose and wrist have numbers, the others borrow the wrist's."""
    rows = {name: [value, value] for name, value in profile._asdict().items()}
    borrowed = {name: "wrist" for name in GROUPS if name not in ("nose", "wrist")}
    return {"groups": ["nose", "wrist"], **rows, "borrowed": borrowed} | changed


def test_what_is_written_is_read(tmp_path) -> None:
    fit = profiles.parse(content(), "fit")
    assert list(fit) == GROUPS
    assert fit["wrist"] == PROFILE
    assert fit["hip"] == "wrist"
    path = tmp_path / "fit.yaml"
    path.write_text(profiles.write(fit))
    assert profiles.read(path) == fit


def test_small_and_large_numbers_stay_numbers(tmp_path) -> None:
    odd = PROFILE._replace(white=2e-9, misses=3e-5, trust=-12345.6, jump=0.00012349)
    text = profiles.write(profiles.parse(content(odd), "fit"))
    rows = yaml.safe_load(text)
    assert rows["white"] == [0, 0]
    assert rows["misses"] == [0, 0]
    assert rows["trust"] == [-12346, -12346]
    assert rows["jump"] == [0.000123, 0.000123]
    profiles.parse(rows, "fit")


def test_a_row_for_every_keypoint() -> None:
    fit = profiles.parse(content(slow=[0.5, 0.25]), "fit")
    rows = profiles.table(fit)
    assert rows.shape == (25, len(Profile._fields))
    slow = rows[:, Profile._fields.index("slow")]
    assert slow[0] == 0.5
    assert (slow[1:] == 0.25).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"other_name": 1},
            r"^fit holds no fit, which has groups, white, slow, .* and borrowed; m",
        ),
        ({"groups": "nose"}, r"^fit: expected groups to be a list and borrowed a mapping$"),
        ({"groups": ["nose", "tail"]}, r"^fit: 'wrist' is missing; expected nose, ear, "),
        ({"groups": ["nose", "wrist", "tail"]}, r"^fit: 'tail' is unknown; expected nose, ear, "),
        ({"groups": ["nose", "wrist", "nose"]}, r"^fit: 'nose' is there twice; expected nose, "),
        ({"slow": [0.1]}, r"^fit.slow is \[0.1\]; expected 2 numbers, one a group$"),
        ({"slow": [0.1, "a"]}, r"^fit.slow is \[0.1, 'a'\]; expected 2 numbers"),
        ({"slow": [0.1, True]}, r"^fit.slow is \[0.1, True\]; expected 2 numbers"),
        ({"slow": [0.1, float("nan")]}, r"^fit.slow is \[0.1, nan\]; expected 2 numbers"),
        ({"slow": [0.1, 10**400]}, r"^fit.slow is \[0.1, 1000.*\]; expected 2 numbers"),
        ({"slow": [0.1, "2001-01-01"]}, r"^fit.slow is \[0.1, '2001-01-01'\]; expected 2 numbers"),
        ({"slow": [0.1, [1]]}, r"^fit.slow is \[0.1, \[1\]\]; expected 2 numbers"),
        ({"groups": ["nose", ["wrist"]]}, r"^fit: \['wrist'\] is no name of a group$"),
        ({"groups": ["nose", None]}, r"^fit: None is no name of a group$"),
        ({"borrowed": {7: "nose"}}, r"^fit: 7 is no name of a group$"),
        ({"borrowed": 3}, r"^fit: expected groups to be a list and borrowed a mapping$"),
        ({"slow": [0.1, -0.1]}, r"^fit.slow is -0.1 for wrist; expected 0 or more$"),
        ({"score_s": [-1, 1]}, r"^fit.score_s is -1.0 for nose; expected 0 or more$"),
        ({"swaps": [0, 1]}, r"^fit.swaps is 1.0 for wrist; expected less than 1$"),
        ({"other": [0, 1.5]}, r"^fit.other is 1.5 for wrist; expected at most 1$"),
        ({"score_50": [0.6, 0.3]}, r"^fit: the scores of wrist do not increase: \(0.1, 0.4, 0.3"),
    ],
)
def test_what_can_be_wrong(changed, message) -> None:
    with pytest.raises(ConfigError, match=message):
        profiles.parse(content(**changed), "fit")


def test_a_group_borrows_from_one_with_numbers() -> None:
    borrowed = dict.fromkeys(set(GROUPS) - {"nose", "wrist"}, "hip")
    message = r"^fit: \w+ borrows from 'hip', which has no numbers$"
    with pytest.raises(ConfigError, match=message):
        profiles.parse(content(borrowed=borrowed), "fit")


def test_a_group_borrows_from_a_name() -> None:
    borrowed = {name: ["nose"] for name in set(GROUPS) - {"nose", "wrist"}}
    with pytest.raises(ConfigError, match=r"^fit: \w+ borrows from '\['nose'\]', which has no nu"):
        profiles.parse(content(borrowed=borrowed), "fit")


def test_files_that_hold_no_fit(tmp_path) -> None:
    absent, broken, other = (tmp_path / name for name in ("absent.yaml", "broken.yaml", "o.yaml"))
    broken.write_text("a: [")
    other.write_text("3")
    reasons = {absent: "No such file or directory", broken: "it is no YAML ("}
    for path, reason in reasons.items():
        with pytest.raises(ConfigError) as error:
            profiles.read(path)
        assert str(error.value).startswith(f"input.fit={path} cannot be read: {reason}")
    with pytest.raises(ConfigError, match=r"o.yaml holds no fit, which has groups, white"):
        profiles.read(other)
