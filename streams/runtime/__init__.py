"""The embedded runtime, and the memory of one partition that every runtime shares."""
