"""What each process is made of: run, worker, gateway, serve, archiver."""
