"""One look at a tiny network, which the tests share."""

import pytest
from looking import People, people, subject

from temporal_pose.exploring.collecting import collect
from temporal_pose.exploring.exploration import Exploration, Settings, explore
from temporal_pose.exploring.samples import Samples


@pytest.fixture(scope="session")
def source() -> People:
    return people()


@pytest.fixture(scope="session")
def samples(source: People, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    folder = tmp_path_factory.mktemp("features")
    return collect(subject(), source, range(len(source)), folder, dtype="float32")


@pytest.fixture(scope="session")
def found(source: People, samples: Samples) -> Exploration:
    places = range(len(source))
    return explore(samples, subject(), source, places, Settings(seed=3, clusters=3, mapped=60))
