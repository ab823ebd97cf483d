"""How accurate every filter is on real detections that have a truth, by videos held out."""
