"""What knows Hydra: the command line, its manual, settings, composing, and sweeps."""
