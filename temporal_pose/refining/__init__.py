"""Refining whole videos: gaps, windows that are blended, frame rates."""
