"""Files that are found, checked, and written whole or not at all."""
