"""From pose files to batches: readers, windows, splits, and the data module."""
