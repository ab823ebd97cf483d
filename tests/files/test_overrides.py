import pytest

from temporal_pose.errors import ConfigError
from temporal_pose.files.overrides import checked_overrides

AUGMENT = "temporal_pose.pose.augmentation.Augmentation"


@pytest.mark.parametrize(
    "override",
    [
        *("setup=1", "k=0.5", "model=conv3d", "model=none", "data.root='/a b/c=d,e'", "+x.y=3"),
        *("++trainer.max_time='00:01:00:00'", "~scheduler", "~augment=none", "augment=null"),
        *("data.split={train:[a,b],val:[c],test:[d]}", "runs_dir='runs/${data.name}'"),
        *("data.actions=[situp,squat]", "callbacks.0.every=3", "data.group='_(ch\\d+)'", "x="),
        *(f"augment._target_={AUGMENT}", f"+objects.x={{_target_:{AUGMENT},rotation:10}}"),
        "objects.task.loss={_target_: temporal_pose.pose.losses.masked_mse, _partial_: true}",
        "optimizer._target_=torch.optim.AdamW",
        "data.name='12:30'",
    ],
)
def test_what_one_types_to_train_may_be_typed_again(override):
    assert checked_overrides([override], "it") == [override]


@pytest.mark.parametrize(
    "override",
    [
        "augment._target_=pathlib.Path.unlink",
        "+a._target_=os.system",
        "+a.b._target_='os.system'",
        "+a={_target_:pathlib.Path.unlink,_args_:[x]}",
        "+a={b:[{'_target_' : \"os.system\"}]}",
        "+a={_target_:${b}}",
        f"+a={{_target_:{AUGMENT} evil}}",
        f"+a={{_target_:{AUGMENT},_args_:[{{_target_:os.system}}]}}",
        f"+a={{_target_:{AUGMENT},_recursive_:false}}",
        f"+a._target_._target_={AUGMENT}",
        "augment._args_=[1]",
        "augment._recursive_=false",
        "~augment._target_",
        "augment._target_=${experiment_name}",
        *("hydra.searchpath=[file:///tmp]", "+hydra.callbacks.x._target_=os.system"),
        *("hydra/launcher=joblib", "++hydra.run.dir=/", "~hydra.callbacks", "+x@hydra.job=evil"),
        *("hydra@x=y", "+model@_global_.hydra=x", "model@a:hydra=conv3d"),
        *("data.root=${oc.env:HOME}", "k=${oc.decode:'1'}", "+a=${oc.create:x}", "k=${a.${b:c}}"),
        *("+model/../../evil=x", "+a..b=1", "+model/..=x"),
        *("model=/tmp/evil", "model=../../evil", "model@x=../evil", "model=[conv3d,../evil]"),
        *(
            "+experiment=a/b",
            "loss={_target_:x}",
            "augment={a:1}",
            "--config-dir=/tmp",
            "-m",
            "a b=c",
            "",
            "=",
            "\n",
        ),
    ],
)
def test_what_reaches_further_is_refused(override):
    with pytest.raises(ConfigError) as error:
        checked_overrides(["setup=1", override], "runs/a/config.yaml")
    assert str(error.value).startswith("runs/a/config.yaml: override ")
    assert "expected" in str(error.value)


@pytest.mark.parametrize("overrides", [None, "setup=1", {"setup": 1}, [1], [["k=1"]], 3])
def test_what_is_no_list_of_settings_is_refused(overrides):
    with pytest.raises(ConfigError, match="expected a list of settings, as typed"):
        checked_overrides(overrides, "it")


def test_messages():
    with pytest.raises(ConfigError) as error:
        checked_overrides(["augment._target_=pathlib.Path.unlink"], "config.yaml")
    assert str(error.value) == (
        "config.yaml: override augment._target_ is 'pathlib.Path.unlink', which nothing that is "
        "read from a file may call; expected what conf/ or a --config-dir names, or an optimiser "
        "or scheduler of torch"
    )
    with pytest.raises(ConfigError) as error:
        checked_overrides(["model=../evil"], "config.yaml")
    assert str(error.value) == (
        "config.yaml: override 'model=../evil'; expected the name of a file in conf/model"
    )


def test_ones_own_may_be_named_by_whoever_trusts_it():
    assert checked_overrides(["a._target_=mine.Net"], "it", extra={"mine.Net"})
