"""What every worker needs, imported once before they are forked."""

import fuzzing.subjects

fuzzing.subjects.subjects()
