"""What every process tells of itself: `/metrics` for Prometheus and `/healthz`, on a port of its own."""
