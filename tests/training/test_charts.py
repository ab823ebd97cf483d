import re

import pytest
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from temporal_pose.training.charts import CHARTS, FIRST, table_row, table_scores, table_settings

SETTINGS = {
    "setup": 2,
    "k": 0.5,
    "seed": 3,
    "runs_dir": "somewhere",
    "setup_name": "setup2",
    "setups.setup1.sigmas": [1],
    "model.name": "conv3d",
    "model.hidden": 64,
    "model.network._target_": "package.models.Conv3d",
    "model.network.window": 5,
    "model.fit._target_": "package.GradientDescent",
    "data.reader._target_": "package.data.Synthetic",
    "data.reader.seed": 0,
    "data.fractions": [0.6, 0.4],
    "data.root": None,
    "optimizer._target_": "torch.optim.Adam",
    "optimizer._partial_": True,
    "optimizer.lr": 1e-3,
    "objects.task.seed": 3,
}


def test_settings_are_named_as_typed_and_none_stands_twice():
    assert table_settings(SETTINGS) == {
        "setup": "2",
        "k": 0.5,
        "seed": 3,
        "model": "conv3d",
        "model.hidden": 64,
        "data": "Synthetic",
        "data.fractions": "[0.6, 0.4]",
        "data.root": "None",
        "optimizer": "Adam",
        "optimizer.lr": 1e-3,
    }


def test_scores_are_those_of_all_keypoints_together():
    metrics = {
        "test/pck@0.2": 0.5,
        "test/pck@0.2/nose": 0.6,
        "test/error_px": None,
        "identity/pck@0.2": 0.4,
        "parameters": 7,
    }
    assert table_scores(metrics) == {"test/pck@0.2": 0.5, "test/identity/pck@0.2": 0.4}


def test_what_makes_a_run_what_it_is_comes_first():
    experiment, start, _end = table_row(table_settings(SETTINGS), {"test/pck@0.2": 0.5})
    content = [
        HParamsPluginData.FromString(part.value[0].metadata.plugin_data.content)
        for part in (experiment, start)
    ]
    columns = content[0].experiment.hparam_infos
    assert {column.name for column in columns if column.differs} == set(FIRST)
    assert [m.name.tag for m in content[0].experiment.metric_infos] == ["test/pck@0.2"]
    values = content[1].session_start_info.hparams
    assert values["k"].number_value == 0.5
    assert values["model"].string_value == "conv3d"


@pytest.mark.parametrize("name", ["pck@0.05", "pck@0.1", "pck@0.2"])
def test_the_identity_stands_beside_the_model(name):
    (charts,) = CHARTS.values()
    patterns = next(tags for title, (_, tags) in charts.items() if title.startswith(f"{name} "))
    tags = [f"val/{name}", f"val/identity/{name}", f"val/{name}/nose", "val/loss"]
    assert [t for t in tags if any(re.match(p, t) for p in patterns)] == tags[:2]
