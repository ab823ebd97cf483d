"""The networks, one file each. None imports another, nor anything of the data."""
