"""Actions that need no PBX's API, whatever its make, a file each."""
