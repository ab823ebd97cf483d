"""Poses as plain tensors: skeletons, boxes, heatmaps, codecs, losses and metrics."""
