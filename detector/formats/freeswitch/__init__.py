"""What FreeSWITCH writes: its log."""
