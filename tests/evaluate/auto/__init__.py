"""All rules acting by themselves, in offices that no rule was made with in view."""
