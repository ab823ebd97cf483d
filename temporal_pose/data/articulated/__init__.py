"""An articulated body that climbs and dances before a camera: what the synthetic set shows."""
