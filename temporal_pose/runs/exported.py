"""Networks as ONNX files, which other programs run without torch."""

import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import write_bytes

#: How far an exported network may be from torch's: as a share of the largest value, and besides.
RELATIVE, ABSOLUTE = 1e-4, 1e-5

_CHATTY = ("onnxscript", "onnx_ir", "torch.onnx", "torch.export")


def check_installed() -> None:
    """Makes sure that the extra is there.

    Raises:
        ConfigError: it is not.
    """
    for name in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(name) is None:
            raise ConfigError(f"export needs {name}, which pip install 'temporal-pose[onnx]' adds")


def export(
    network: nn.Module,
    example: Tensor,
    names: tuple[str, str],
    note: Mapping[str, str],
    path: Path,
) -> float:
    """Writes a network whole or not at all, once the file gives what torch gives.

    Args:
        network: of one input and one output, both a row a sample; evaluated, never trained.
        example: an input; any number of samples may be given to the file.
        names: of input and output.
        note: kept in the file, by name: shapes and units.
        path: of the file.

    Returns:
        The largest difference from torch, in the unit of the output.

    Raises:
        ConfigError: ONNX has no words for what the network does, or the file gives something
            else.
        OSError: the file cannot be written.
    """
    network = network.eval()
    content = _converted(network, example, names, note)
    apart = _difference(network, content, _other(example))
    write_bytes(path, content)
    return apart


def _converted(
    network: nn.Module, example: Tensor, names: tuple[str, str], note: Mapping[str, str]
) -> bytes:
    import onnx

    what = type(network).__name__
    with tempfile.TemporaryDirectory() as folder, _quietly():
        file = Path(folder) / "network.onnx"
        try:
            torch.onnx.export(
                network,
                (example,),
                file,
                input_names=[names[0]],
                output_names=[names[1]],
                dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        except Exception as error:  # the exporter raises anything
            raise ConfigError(f"{what} cannot be exported to ONNX: {_reason(error)}") from error
        model = onnx.load(file)
    onnx.helper.set_model_props(model, dict(note))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _difference(network: nn.Module, content: bytes, inputs: Tensor) -> float:
    import onnxruntime

    with torch.no_grad():
        expected = network(inputs).numpy()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    (given,) = session.run(None, {session.get_inputs()[0].name: inputs.numpy()})
    what = type(network).__name__
    if given.shape != expected.shape:
        raise ConfigError(
            f"{what} cannot be exported to ONNX: the file gives {given.shape}, torch "
            f"{expected.shape}"
        )
    apart = float(np.abs(given - expected).max())
    if not apart <= ABSOLUTE + RELATIVE * float(np.abs(expected).max()):
        raise ConfigError(
            f"{what} cannot be exported to ONNX: the file's output is {apart:.2g} from torch's"
        )
    return apart


def _other(example: Tensor) -> Tensor:
    """Another number of samples with other values, of about the same size."""
    generator = torch.Generator().manual_seed(0)
    size = float(example.abs().max().clamp(min=1e-3))
    return size * torch.rand(len(example) + 1, *example.shape[1:], generator=generator)


def _reason(error: BaseException) -> str:
    """The innermost error in a line."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:199]}…"


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the exporter's remarks, which say nothing to who exports."""
    loggers: list[Any] = [logging.getLogger(name) for name in _CHATTY]
    levels = [one.level for one in loggers]
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            for one in loggers:
                one.setLevel(logging.ERROR)
            yield
        finally:
            for one, level in zip(loggers, levels, strict=True):
                one.setLevel(level)
