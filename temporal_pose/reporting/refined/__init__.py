"""The page on a refined file."""
