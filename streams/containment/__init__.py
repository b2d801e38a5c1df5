"""Containment: from a decision to something done, confirmed and taken back."""
