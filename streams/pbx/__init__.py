"""The PBX as we talk to it: its API, its event stream, and what can go wrong."""
