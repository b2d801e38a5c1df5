"""Where events come from: each source reads, normalises and hands over to the log."""
