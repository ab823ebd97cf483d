"""Every reader and writer there is, given files that lie: see `fuzzing.subjects`."""
