"""Pages that need nothing else: reports to read, send and print."""
