"""Real detectors and the footage they look at: what ``pip install temporal-pose[detect]`` adds."""
