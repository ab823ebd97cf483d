"""How fast this package is: ratios and differences measured within one process."""
