"""Speed and memory, measured beside a loop that only decodes the same events."""
