"""Numbers as people dial them: whose they are, what kind they are, in which country."""
