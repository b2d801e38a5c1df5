"""The end of the log: findings to the journal, events to the archive."""
