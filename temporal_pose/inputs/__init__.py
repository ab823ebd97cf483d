"""What a network is given: simulated, fitted or recorded detector output."""
