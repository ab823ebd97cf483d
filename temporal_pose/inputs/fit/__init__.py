"""Fitting the simulated detector to a real one."""
