"""Poses as plain tensors: skeletons, boxes, heatmaps, noise, codecs, losses and metrics."""
