"""The built wheel works where there is no checkout: the configuration travels inside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def call(*command: str, **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder into which the wheel was unpacked by pip, and nothing else."""
    built, target = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    call(*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(built), str(ROOT))
    (wheel,) = built.glob("temporal_pose-*.whl")
    call(*pip, "install", "-q", "--no-deps", "--target", str(target), str(wheel))
    return target


def test_an_installed_wheel_composes_and_trains(installed, tmp_path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    where = "import temporal_pose; print(temporal_pose.__file__)"
    found = call(sys.executable, "-c", where, cwd=tmp_path, env=environment).strip()
    assert Path(found).is_relative_to(installed)
    settings = "model=identity data.subjects=4 data.videos=1 data.frames=20 runs_dir=here"
    train = (sys.executable, "-m", "temporal_pose.train", *settings.split())
    call(*train, cwd=tmp_path, env=environment)
    assert (tmp_path / "here/pretrain/identity/setup1/k1/metrics.json").exists()


def test_the_wheel_holds_the_networks_that_come_along(installed) -> None:
    here = {
        p.relative_to(ROOT) for p in (ROOT / "temporal_pose/shipped").rglob("*") if p.is_file()
    }
    assert here
    assert all((installed / file).is_file() for file in here)


def test_the_wheel_holds_every_configuration(installed) -> None:
    here = {p.relative_to(ROOT / "conf") for p in (ROOT / "conf").rglob("*.yaml")}
    there = {
        p.relative_to(installed / "temporal_pose/conf")
        for p in (installed / "temporal_pose/conf").rglob("*.yaml")
    }
    assert here == there
