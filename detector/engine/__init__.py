"""The engine: memory, time, detectors, verdicts."""
