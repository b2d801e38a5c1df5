"""Asterisk, FreePBX included, by its manager interface (AMI) and its own database (AstDB)."""
