"""The pure core: from a contract event to a decision, without clock, I/O or randomness."""
