"""What holds for a while of one of several things: told once when it begins and once when it ends."""

from array import array

from detector.memory.fields import Field, Memory

OVER, ON = 0, 1
ALL = ""
"""No thing has this name: of how many it holds is remembered by it."""


class Stretch(Field):
    """Since when it holds, or has not held any more, of each. Whatever says the same again changes nothing."""

    def begin(self, memory: Memory, subject: str, at: int) -> bool:
        """Whether it holds only now, `at` in microseconds; what comes late is no longer so."""
        record = memory.get(self.name, subject)
        if record is not None and (record[1] == ON or at <= record[0]):
            return False
        memory.put(self.name, subject, array("q", (at, ON)))
        memory.put(self.name, ALL, array("q", (self.holding(memory) + 1,)))
        return True

    def end(self, memory: Memory, subject: str, at: int) -> int | None:
        """For how many microseconds it has held that holds no longer; None where it had not begun, or has anew."""
        record = memory.get(self.name, subject)
        if record is not None and at <= record[0]:
            return None
        memory.put(self.name, subject, array("q", (at, OVER)))
        if record is None or record[1] != ON:
            return None
        memory.put(self.name, ALL, array("q", (max(self.holding(memory) - 1, 0),)))
        return at - record[0]

    def holding(self, memory: Memory) -> int:
        """Of how many it holds now."""
        record = memory.get(self.name, ALL)
        return 0 if record is None else record[0]
