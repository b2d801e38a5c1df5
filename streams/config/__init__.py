"""The configuration from YAML: read, checked as a whole, with every problem named by file, line and field."""
