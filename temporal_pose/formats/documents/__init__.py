"""What formats that list people frame by frame are made of: texts, places in them, poses."""
