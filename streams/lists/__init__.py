"""Lists from outside that change while we run: block lists, and host names of deny and allow lists."""
