"""LiteRT (TensorFlow Lite) models, run on a CPU."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float

from temporal_pose.detectors.protocol import first_line
from temporal_pose.errors import CheckpointError

#: A model, or what stands for one: an RGB image goes in, all outputs come out.
Run = Callable[[Float[np.ndarray, "h w 3"]], Sequence[Float[np.ndarray, "..."]]]

_STDERR = 2


class Network:
    """A model file.

    Args:
        name: of its file, for messages.
        content: of that file, ``.tflite``.
        takes: rows and columns of its input, an RGB image.
        gives: shapes of its outputs, the leading 1 left out.
        threads: that one image is computed by.

    Raises:
        CheckpointError: a file that cannot be read, or another model.
    """

    def __init__(
        self,
        name: str,
        content: bytes,
        takes: tuple[int, int],
        gives: Sequence[tuple[int, ...]],
        threads: int,
    ) -> None:
        from ai_edge_litert.interpreter import Interpreter  # here: an optional extra

        try:
            with _silent():
                self._model = Interpreter(model_content=content, num_threads=threads)
                self._model.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"{name}: cannot be read as a LiteRT model ({first_line(error)}); "
                "copy or fetch it again"
            ) from error
        inputs, outputs = self._model.get_input_details(), self._model.get_output_details()
        found = [tuple(one["shape"].tolist()[1:]) for one in (*inputs, *outputs)]
        wanted = [(*takes, 3), *gives]
        if found != wanted:
            raise CheckpointError(
                f"{name}: is another model: it has {_written(found)}; "
                f"expected {_written(wanted)}, as MediaPipe's of the same name"
            )
        self._input = inputs[0]["index"]
        self._outputs = [one["index"] for one in outputs]

    def __call__(self, image: Float[np.ndarray, "h w 3"]) -> list[Float[np.ndarray, "..."]]:
        """Its outputs for one image."""
        self._model.set_tensor(self._input, image[None])
        self._model.invoke()
        return [self._model.get_tensor(index)[0] for index in self._outputs]


def _written(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(" x ".join(map(str, shape)) for shape in shapes)


@contextmanager
def _silent() -> Iterator[None]:
    """Keeps LiteRT's remarks on what it runs on, which are no errors, from the terminal."""
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
