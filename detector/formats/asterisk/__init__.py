"""What Asterisk writes: logs, call records, manager events."""
