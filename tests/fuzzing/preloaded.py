"""What every worker needs, imported once before they are forked."""

import gc

import fuzzing.subjects

fuzzing.subjects.subjects()
gc.freeze()  # a collection in a worker would look at, and so copy, all that it shares with others
