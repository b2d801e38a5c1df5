"""Sources that belong to no make of PBX."""
