"""What tells of a PBX besides its own interface."""
