"""The journal: incidents, decisions, actions, messages and users, one part a file."""
