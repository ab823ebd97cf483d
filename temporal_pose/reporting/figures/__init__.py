"""Figures of poses, heatmaps and finished runs."""
