"""Settings that are allowed and dangerous: their names, and where a configuration has them."""
