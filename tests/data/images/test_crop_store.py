"""Crops in a file that processes share."""

import gc
import os
import pickle
from multiprocessing import get_context

import numpy as np
import pytest

from temporal_pose.data.images import crop_store as module
from temporal_pose.data.images.crop_store import CropStore


def crop(value: int) -> np.ndarray:
    return np.full((3, 5, 5), value, np.uint8)


def put(store: CropStore) -> None:
    store.put(2, crop(9))


@pytest.mark.parametrize("kind", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_another_process_fills_it(kind: str) -> None:
    store = CropStore(7, 5)
    assert store.get(2) is None
    process = get_context(kind).Process(target=put, args=(store,))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert np.array_equal(store.get(2), crop(9))
    assert store.get(3) is None
    assert store.bytes == 7 * 75


def test_the_file_goes_when_nobody_needs_it() -> None:
    store = CropStore(3, 5)
    path = store._path
    again = pickle.loads(pickle.dumps(store))
    again.put(1, crop(4))
    assert np.array_equal(store.get(1), crop(4))
    assert path.exists()
    del again
    gc.collect()
    assert path.exists()
    del store
    gc.collect()
    assert not path.exists()


def test_no_room(monkeypatch, tmp_path) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(module, "reserve", full)
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(OSError, match="No space left"):
        CropStore(3, 5)
    assert list(tmp_path.iterdir()) == []
