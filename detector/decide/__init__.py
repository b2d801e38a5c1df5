"""Decisions: what is to be done about an incident, and what must never be done."""
