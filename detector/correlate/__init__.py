"""Correlation: which detections are one attack, how far it came, and what it costs."""
