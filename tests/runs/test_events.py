"""Learning curves and progress are read from events, which may be damaged or still growing."""

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from temporal_pose.errors import RunFolderError
from temporal_pose.runs.events import epochs_done, read_curves


def log(folder, file, first=0, **values):
    """Writes TensorBoard events by tag; the step is the epoch, counted from 0."""
    writer = EventFileWriter(str(folder), filename_suffix=f".{file}")
    for tag, series in values.items():
        for step, value in enumerate(series, first):
            scalar = Summary.Value(tag=tag, simple_value=value)
            writer.add_event(Event(step=step, wall_time=1.0, summary=Summary(value=[scalar])))
    writer.close()
    (written,) = folder.glob(f"*.{file}")
    return written


def test_curves_are_read_by_epoch_from_1(tmp_path):
    rates = [1e-3, 1e-3, 1e-3, 1e-4, 1e-4]
    log(tmp_path, 1, **{"train/loss": [5, 4, 3, 2, 1], "learning_rate": rates})
    curves = read_curves(tmp_path)
    assert curves["train/loss"].epochs.tolist() == [1, 2, 3, 4, 5]
    assert curves["train/loss"].values.tolist() == [5, 4, 3, 2, 1]
    assert curves.drops.tolist() == [4]
    assert len(curves["no/such/tag"]) == 0


def test_a_run_without_events_has_no_curves(tmp_path):
    curves = read_curves(tmp_path)
    assert len(curves["train/loss"]) == len(curves.drops) == 0
    assert epochs_done(tmp_path) == 0


def test_of_a_repeated_epoch_the_later_value_counts(tmp_path):
    log(tmp_path, 1, **{"val/loss": [3, 2, 9]})
    log(tmp_path, 2, **{"val/loss": [3, 2, 1, 0.5]})
    assert read_curves(tmp_path)["val/loss"].values.tolist() == [3, 2, 1, 0.5]


def test_the_tenth_file_of_a_second_is_later_than_its_ninth(tmp_path):
    for number, value in ((9, 2.0), (10, 1.0)):
        file = log(tmp_path, number, **{"val/loss": [value]})
        file.rename(tmp_path / f"events.out.tfevents.1700000000.host.42.{number}")
    assert read_curves(tmp_path)["val/loss"].values.tolist() == [1]


def test_a_file_that_is_being_written_is_read_as_far_as_it_goes(tmp_path):
    file = log(tmp_path, 1, **{"train/loss": [3, 2, 1]})
    content = file.read_bytes()
    for cut in (1, 4, 9):
        file.write_bytes(content[:-cut])
        assert read_curves(tmp_path)["train/loss"].values.tolist() == [3, 2]
        assert epochs_done(tmp_path) == 2


@pytest.mark.parametrize("back", [1, 6, 30])
def test_a_bit_that_changed_is_no_shorter_curve(tmp_path, back):
    file = log(tmp_path, 1, **{"train/loss": [3, 2, 1]})
    content = bytearray(file.read_bytes())
    content[-back] ^= 4
    file.write_bytes(content)
    with pytest.raises(RunFolderError, match=r"the checksum before byte \d+ does not fit"):
        read_curves(tmp_path)


@pytest.mark.parametrize("step", [2**63 - 1, 10**6, -5])
def test_an_epoch_that_nobody_trains_is_named(tmp_path, step):
    log(tmp_path, 1, step, **{"train/loss": [1.0]})
    with pytest.raises(RunFolderError) as caught:
        read_curves(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/events.out.tfevents.* is unreadable or damaged: it tells of epoch "
        f"{step + 1}; expected 1 to 1000000; delete its folder and repeat the run"
    )
    assert epochs_done(tmp_path) == 0


def test_losses_that_are_no_numbers_are_read(tmp_path):
    log(tmp_path, 1, **{"train/loss": [1.0, float("nan"), float("inf")]})
    assert read_curves(tmp_path)["train/loss"].epochs.tolist() == [1, 2, 3]


def test_a_folder_in_the_place_of_events(tmp_path):
    (tmp_path / "events.out.tfevents.1").mkdir()
    assert epochs_done(tmp_path) == 0
    with pytest.raises(RunFolderError, match="it is no regular file"):
        read_curves(tmp_path)


def test_any_damage_gives_curves_or_one_line(tmp_path):
    file = log(tmp_path, 1, **{"train/loss": [3, 2, 1], "val/loss": [3, 2, 1]})
    content, rng = file.read_bytes(), np.random.default_rng(0)
    for place in rng.integers(0, len(content), 60).tolist():
        flipped = bytes([content[place] ^ (1 << int(rng.integers(8)))])
        file.write_bytes(content[:place] + flipped + content[place + 1 :])
        assert epochs_done(tmp_path) in range(10**6 + 1)
        try:
            read_curves(tmp_path)
        except RunFolderError as error:
            assert str(error).isprintable()


def test_a_file_that_claims_more_than_it_has(tmp_path):
    file = log(tmp_path, 1, **{"train/loss": [3, 2, 1]})
    file.write_bytes(file.read_bytes() + b"\xff" * 8 + b"1234" + b"x" * 40)
    assert epochs_done(tmp_path) == 3
