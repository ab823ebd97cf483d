"""A tiny SimCC network as an ONNX file."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COLUMNS, ROWS = 48, 64
MEAN, DEVIATION = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])


def directions(keypoints: int) -> np.ndarray:
    """A colour for each keypoint, of length 1, none like another."""
    turns = np.arange(keypoints) * 2.4
    height = (np.arange(keypoints) + 0.5) / keypoints
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turns), flat * np.sin(turns), height], 1)


def write(path: Path, keypoints: int = 17, ratio: int = 2, outputs: int = 2) -> Path:
    """A network whose keypoint k is at the pixel of colour k: a filter, its maxima by column and
    by row, each column and row as many times as ``ratio`` says.

    Its filter undoes the normalisation that the detector does; a grey pixel scores nothing.
    """
    colours = directions(keypoints)
    weights = (colours * DEVIATION / 100)[:, :, None, None].astype(np.float32)
    bias = (colours @ (MEAN - 128) / 100).astype(np.float32)
    constants = {
        **{"weights": weights, "bias": bias},
        "columns": np.eye(COLUMNS).repeat(ratio, 1).astype(np.float32),
        "rows": np.eye(ROWS).repeat(ratio, 1).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "weights", "bias"], ["maps"]),
        helper.make_node("ReduceMax", ["maps"], ["top"], axes=[2], keepdims=0),
        helper.make_node("ReduceMax", ["maps"], ["side"], axes=[3], keepdims=0),
        helper.make_node("MatMul", ["top", "columns"], ["simcc_x"]),
        helper.make_node("MatMul", ["side", "rows"], ["simcc_y"]),
    ]
    float_ = TensorProto.FLOAT
    image = helper.make_tensor_value_info("image", float_, ["batch", 3, ROWS, COLUMNS])
    gives = [
        helper.make_tensor_value_info("simcc_x", float_, ["batch", keypoints, ratio * COLUMNS]),
        helper.make_tensor_value_info("simcc_y", float_, ["batch", keypoints, ratio * ROWS]),
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "simcc", [image], gives[:outputs], tensors)
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path
