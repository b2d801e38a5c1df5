"""What is said against an event, and so against all that rests on it: legs, timers, findings."""

from typing import Final

SURE: Final = 0
TEXT: Final = 1
"""It was read out of free text: nobody is contained for that alone."""
LATE: Final = 2
"""It came after others that happened later."""
HISTORY: Final = 4
"""It was history when it came: nothing is done about it."""
TOO_LATE: Final = LATE | HISTORY
