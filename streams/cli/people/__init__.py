"""What a person sees and does about what Ringfence found; these commands stand beside the others, not in a group."""
