"""Addresses that are blocked: hand them to others."""

HELP = "What is blocked by address, for what cannot ask for it itself"
ORDER = ("export",)
