"""What formats of tables and arrays are made of: cells and places of poses in them, names."""
