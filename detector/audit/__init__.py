"""The audit of a PBX's settings: what is known of them, how they are judged, and what changed between two audits."""
