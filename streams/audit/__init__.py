"""`ringfence audit`: reads a PBX's settings, shows how they are judged, and tells what changed since the last time."""
