"""Classical smoothing filters, a file each: numpy in and out, without torch."""
