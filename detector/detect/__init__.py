"""Detection: one rule a file, asked about every event of the kind it reads."""
