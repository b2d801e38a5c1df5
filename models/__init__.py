"""Models that learn online what is usual, and score what is not."""
