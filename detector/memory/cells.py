"""Amounts by cells of time, for what is counted in hundreds and thousands and need not be exact to the second."""

from array import array

from detector.memory.fields import Field, Memory

CELLS = 48


class Cells(Field):
    """Pairs of a cell's number and an amount, in the order of time; a cell is a 48th of the time.

    A window of instants costs 8 bytes for each, 8 KB for a thousand, copied at every event; this stays below 800.
    """

    def add(self, memory: Memory, subject: str, at: int, amount: int, length: int) -> int:
        """Add `amount` at `at`; returns what the amounts of the `length` before the newest make together.

        `length` in microseconds; up to a 48th of it is left out at its far end. What is older changes nothing.
        """
        record = memory.get(self.name, subject) or array("q")
        number = at * CELLS // length
        place = len(record)
        while place and record[place - 2] > number:
            place -= 2
        if place and record[place - 2] == number:
            record[place - 1] += amount
        else:
            record[place:place] = array("q", (number, amount))
        while record[0] <= record[-2] - CELLS:
            del record[:2]
        memory.put(self.name, subject, record)
        return sum(record[1::2])

    def clear(self, memory: Memory, subject: str) -> None:
        """Start over."""
        memory.forget(self.name, subject)
