"""Classical smoothing filters, as modules without parameters."""
