"""How a process says to whoever started it why it ended."""

FAILED = 1
WRONG_USAGE = 2
FENCED = 75
"""Another process has taken over; start this one again."""
