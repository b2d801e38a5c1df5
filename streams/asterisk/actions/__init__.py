"""Actions on an Asterisk, a file each."""
