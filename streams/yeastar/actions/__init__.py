"""Actions: one file for each thing that can be done, how to confirm it, and how to take it back."""
