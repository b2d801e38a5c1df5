"""The middle: records of the log to findings and checkpoints."""
