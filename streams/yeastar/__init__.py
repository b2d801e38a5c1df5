"""Yeastar P-Series: its API, what it tells, and what can be done to it."""
