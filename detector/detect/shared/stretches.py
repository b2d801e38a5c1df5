"""What holds for a while of one of several things: told once when it begins and once when it ends."""

from array import array

from detector.memory.fields import Field, Memory

OVER, ON = 0, 1


class Stretch(Field):
    """Since when it holds, or has not held any more, of each. Whatever says the same again changes nothing."""

    def begin(self, memory: Memory, subject: str, at: int) -> bool:
        """Whether it holds only now, `at` in microseconds; what comes late is no longer so."""
        record = memory.get(self.name, subject)
        if record is not None and (record[1] == ON or at <= record[0]):
            return False
        memory.put(self.name, subject, array("q", (at, ON)))
        return True

    def end(self, memory: Memory, subject: str, at: int) -> int | None:
        """For how many microseconds it has held that holds no longer; None where it had not begun, or has anew."""
        record = memory.get(self.name, subject)
        if record is not None and at <= record[0]:
            return None
        memory.put(self.name, subject, array("q", (at, OVER)))
        return at - record[0] if record is not None and record[1] == ON else None
