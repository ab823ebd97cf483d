"""The thesis's numbers stand beside those of finetuning, and are not taken for them."""

import re

from temporal_pose.reporting.markdown import markdown
from temporal_pose.reporting.results import read_results
from temporal_pose.reporting.tables import all_tables
from temporal_pose.reporting.thesis import thesis_tables

#: Rows as they are printed there; the asterisks are its bold numbers.
PRINTED = {
    "thesis_pck_k1": {
        "Identity function": "19.4 19.4 19.4 66.1 66.1 66.1 85.2 85.2 85.2",
        "Conv3D": "49.7 52.3 53.1 **95.7** **95.7** **95.8** 99.2 99.3 99.3",
        "DeciWatch": "**76.9** **76.7** **68.7** 94.3 94.4 86.9 99.2 99.2 96.2",
        "bi-ConvLSTM - sum.": "37.8 34.9 39.0 91.8 92.1 92.2 99.4 **99.7** 99.2",
        "bi-ConvLSTM - concat.": "35.9 39.0 38.5 93.1 93.6 92.6 **99.8** **99.7** **99.7**",
    },
    "thesis_pck_k2": {
        "Identity function": "19.4 19.4 19.4 66.1 66.1 66.1 85.2 85.2 85.2",
        "Conv3D": "**46.5** **51.6** **47.3** **95.5** **95.5** **95.8** 99.2 99.3 99.2",
        "DeciWatch": "34.4 48.9 32.3 79.4 69.0 71.6 95.8 86.3 92.3",
        "bi-ConvLSTM - sum.": "38.8 37.4 35.9 92.7 92.1 91.2 99.4 **99.5** 99.3",
        "bi-ConvLSTM - concat.": "39.2 39.5 37.1 92.5 92.9 92.6 **99.6** 99.3 **99.6**",
    },
    "thesis_keypoints_k1": {
        "Pinky": "93.4 93.1 94.4 98.3 98.4 94.4 97.2 98.8 97.0 98.0 99.0 98.6",
        "Toes": "99.9 100.0 100.0 99.0 99.1 95.2 99.6 99.8 99.4 99.8 100.0 99.8",
    },
    "thesis_keypoints_k2": {
        "Shoulder": "99.9 99.7 99.9 43.8 99.6 97.1 99.9 99.8 100.0 99.9 100.0 100.0",
        "Hip": "100.0 99.9 100.0 96.7 38.3 91.7 99.9 99.8 99.9 99.8 100.0 99.9",
    },
}


def tables(folders, **options):
    for k in (1, 2):
        folders.add(k=k, stage="finetune", **options)
    return thesis_tables(read_results(folders.root, "finetune"))


def test_the_numbers_and_the_bold_ones_are_those_printed(folders):
    found = {table.key: table for table in tables(folders)}
    assert list(found) == list(PRINTED)
    for key, rows in PRINTED.items():
        lines = [line.strip("| ").split(" | ") for line in markdown(found[key], 1).splitlines()]
        shown = {line[0]: " ".join(line[1:]) for line in lines}
        for name, numbers in rows.items():
            here = shown[name] if "keypoints" not in key else shown[name].replace("*", "")
            assert here == numbers


def test_keypoints_are_ours_in_our_order(folders):
    own = {t.key: t for t in all_tables(read_results(folders.add(stage="finetune").parents[3],
                                                     "finetune"))}  # fmt: skip
    (_, keypoints) = (own["thesis_pck_k1"], own["thesis_keypoints_k1"])
    assert [name for name, _ in keypoints.rows] == [name for name, _ in own["keypoints_k1"].rows]
    assert keypoints.headers[1].columns == ["1.1", "1.2", "1.3"] * 4
    assert keypoints.headers[0].spans[0] == ("Conv3D", 3)


def test_every_table_says_whose_numbers_on_which_data(folders):
    for table in tables(folders):
        assert re.match("The thesis's values: .* on ClimbAlong .* Data: ClimbAlong$", table.title)
        assert table.legend[0] == (
            "The thesis's values on ClimbAlong, another data set than this report's: no number "
            "here can be compared with one of ours."
        )


def test_on_climbalong_itself_they_are_only_another_split(folders):
    for table in tables(folders, data={"name": "paired", "root": "/somewhere/ClimbAlong"}):
        assert table.legend[0] == "The thesis's values, on its own split of ClimbAlong."


def test_a_skeleton_of_that_name_is_not_the_data_set(folders):
    for table in tables(folders, data={"name": "paired", "skeleton": "climbalong25"}):
        assert "another data set" in table.legend[0]


def test_only_finetuning_has_them_and_only_the_ks_there_are(folders):
    folders.add(k=1)
    assert thesis_tables(read_results(folders.root, "pretrain")) == []
    for k in (2, 3):
        folders.add(k=k, stage="finetune")
    found = thesis_tables(read_results(folders.root, "finetune"))
    assert [table.key for table in found] == ["thesis_pck_k2", "thesis_keypoints_k2"]
