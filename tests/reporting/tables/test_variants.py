"""Variants stand side by side, and what cannot be compared is said."""

import numpy as np
import pytest

from temporal_pose.reporting.finished import read_results
from temporal_pose.reporting.tables.variants import Variant, variant_table, variant_tables


@pytest.fixture
def compared(folders):
    """The table of some stages, in that order."""

    def table(*stages):
        return variant_table([Variant(s, read_results(folders.root, s)) for s in stages])

    return table


def shown(table):
    return {name: [c.number() + c.signs + "*" * c.best for c in row] for name, row in table.rows}


def test_a_row_a_model_and_experiment_a_column_a_variant(folders, compared):
    folders.add(stage="pretrained", pck=(0.3, 0.5, 0.7), errors=(2.0, 1.0))
    folders.add(stage="scratch", pck=(0.4, 0.5, 0.7), errors=(1.75, 1.0))
    folders.add(stage="finetune", pck=(0.5, 0.5, 0.7), errors=(1.5, 1.0))
    folders.add(stage="finetune", k=2, setup=3, pck=(0.1, 0.5, 0.7), errors=(3.5, 1.0))
    table = compared("pretrained", "scratch", "finetune")
    assert shown(table) == {
        "Identity function 1.1": ["20.0", "20.0", "20.0", "3.00", "3.00", "3.00"],
        "Identity function 2.3": ["–", "–", "20.0", "–", "–", "3.00"],
        "Conv3D 1.1": ["30.0", "40.0", "50.0*", "2.00", "1.75", "1.50*"],
        "Conv3D 2.3": ["–", "–", "10.0†", "–", "–", "3.50†"],
    }
    assert table.headings[0].spans == (("PCK@0.05 (%)", 3), ("Position error (px)", 3))
    assert table.headings[1].columns == ["pretrained", "scratch", "finetune"] * 2
    assert table.notes("Bold") == [
        "The rows of the identity function show what each variant was given.",
        "Seeds: 1.",
        "Bold: best of the variants.",
        "†: worse than the identity function.",
        "–: no finished run.",
    ]


def test_runs_of_other_windows_have_no_best(folders, compared):
    folders.keep(folders.add(stage="pretrained", pck=(0.3, 0.5, 0.7)))
    folders.keep(folders.add(stage="scratch", pck=(0.4, 0.5, 0.7)))
    folders.keep(folders.add(stage="finetune", pck=(0.5, 0.5, 0.7)), window=np.arange(7) + 1)
    table = compared("pretrained", "scratch", "finetune")
    assert shown(table)["Conv3D 1.1"] == ["30.0", "40.0", "50.0‡", "1.50", "1.50", "1.50‡"]
    note = (
        "‡: finetune was tested on other windows than the first variant of the row, so the row "
        "has no best. Do not compare the two."
    )
    assert note in table.legend
    assert shown(compared("pretrained", "scratch"))["Conv3D 1.1"][:2] == ["30.0", "40.0*"]


def test_the_same_windows_with_other_keypoints_are_other_windows(folders, compared):
    visible = np.ones((7, 5, 3), bool)
    visible[0, 0, 0] = False
    folders.keep(folders.add(stage="pretrained"))
    folders.keep(folders.add(stage="finetune"), visible=visible)
    assert any(
        "finetune was tested on other" in n for n in compared("pretrained", "finetune").legend
    )


def test_without_predictions_the_number_of_windows_tells(folders, compared):
    import json

    for stage, windows in {"pretrained": 7, "finetune": 8}.items():
        file = folders.add(stage=stage) / "metrics.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"windows_test": windows}))
    assert any(
        "finetune was tested on other" in n for n in compared("pretrained", "finetune").legend
    )


def test_pixels_of_other_boxes_are_not_compared_but_shares_of_the_torso_are(folders, compared):
    folders.add(stage="a", pck=(0.3, 0.5, 0.7), errors=(2.0, 1.0), data={"box": "frame"})
    folders.add(stage="b", pck=(0.4, 0.5, 0.7), errors=(1.0, 1.0), data={"box": "window"})
    table = compared("a", "b")
    assert shown(table)["Conv3D 1.1"] == ["30.0", "40.0*", "2.00", "1.00"]
    assert (
        "b sees poses through other boxes (data.box is window, not frame), so its pixels are "
        "others: compare its position errors with its own identity's only."
    ) in table.legend


def test_several_seeds_and_filters_are_shown_as_elsewhere(folders, compared):
    for seed, share in enumerate((0.4, 0.5), 1):
        folders.add(
            "kalman", seed=seed, stage="a", parameters=0, whole=True, pck=(share, 0.5, 0.9)
        )
    folders.add("kalman", stage="b", parameters=0, whole=True)
    table = compared("a", "b")
    assert shown(table)["Kalman 1.1"][:2] == ["45.0 ± 7.1", "50.0*"]
    assert table.legend[-1] == "Seeds: 1 or 2."


def test_one_variant_is_no_comparison(folders):
    folders.add()
    alone = [Variant("only", read_results(folders.root, "pretrain"))]
    assert variant_tables(alone) == []
    assert [table.key for table in variant_tables(alone * 2)] == ["variants"]
