"""Real detectors, one file each, and what follows people through a video."""
