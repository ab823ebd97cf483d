"""Tables of finished runs: what they say, and how a page, a sheet and TeX write it."""
