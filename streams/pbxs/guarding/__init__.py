"""What the guard must know of the world beside one PBX: names, people, this machine, and where settings misfit."""
