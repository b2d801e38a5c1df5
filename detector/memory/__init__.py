"""Memory of one PBX: records by subject, event ids, timers."""
