"""Enforcers: what keeps an address out, since the PBX itself offers no way to."""
