"""Everything that touches the world: sources, log, store, PBX, enforcers, notifiers, console, command line."""
