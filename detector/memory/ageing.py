"""What is remembered for some weeks only: on which days something was seen, how much of it, by whom, since when."""

from array import array

from detector.memory.fields import Days, Field, Memory, Record, pairs

DAY = Days.DAY
NOT_AGAIN = 64
"""What is seen again within so small a part of the time for which it is remembered is not written again."""


class LastDays(Field):
    """On which of the last `KEPT` days something was seen: the latest of them, and a bit for each day back from it."""

    KEPT = 62

    def add(self, memory: Memory, subject: str, at: int) -> None:
        """Seen at `at`."""
        day = at // DAY
        record = memory.get(self.name, subject)
        if record is None:
            memory.put(self.name, subject, array("q", (day, 1)))
            return
        latest, bits = record
        if day > latest:
            bits = bits << min(day - latest, self.KEPT) & (1 << self.KEPT) - 1 | 1
            latest = day
        elif latest - day >= self.KEPT or bits >> latest - day & 1:
            return
        else:
            bits |= 1 << latest - day
        memory.put(self.name, subject, array("q", (latest, bits)))

    def before(self, memory: Memory, subject: str, at: int, days: int) -> int:
        """On how many of the `days` days before that of `at`."""
        record = memory.get(self.name, subject)
        if record is None:
            return 0
        latest, bits = record
        nearest = latest - at // DAY + 1
        farthest = nearest + days
        return (bits >> max(nearest, 0) & (1 << max(farthest - max(nearest, 0), 0)) - 1).bit_count()


class Daily(Field):
    """How much there was of something a day: pairs of day and amount, of the last `CAP` days on which there was any."""

    CAP = 16

    def add(self, memory: Memory, subject: str, at: int, amount: int) -> None:
        """`amount` at `at`."""
        day = at // DAY
        record = memory.get(self.name, subject) or array("q")
        place = len(record)
        while place and record[place - 2] > day:
            place -= 2
        if place and record[place - 2] == day:
            record[place - 1] += amount
        else:
            record[place:place] = array("q", (day, amount))
        del record[: -2 * self.CAP]
        memory.put(self.name, subject, record)

    def before(self, memory: Memory, subject: str, at: int, days: int) -> tuple[int, int]:
        """On how many of the `days` days before that of `at`, and how much there was on them together."""
        record = memory.get(self.name, subject)
        if record is None:
            return 0, 0
        today = at // DAY
        found = [amount for day, amount in pairs(record) if today - days <= day < today]
        return len(found), sum(found)


class Since(Field):
    """Since when something is seen again and again, without a pause of `pause`: the latest instant, then the earliest.

    Of the earliest there are at most `cap`; after a pause it begins anew.
    """

    def __init__(self, name: str, cap: int = 1) -> None:
        super().__init__(name)
        self.cap = cap

    def add(self, memory: Memory, subject: str, at: int, pause: int) -> None:
        """Seen at `at`, once more."""
        record = memory.get(self.name, subject)
        if record is None or at > record[0] + pause:
            memory.put(self.name, subject, array("q", (at, at)))
            return
        first = sorted([*record[1:], at])[: self.cap]
        latest = at if at - record[0] > pause // NOT_AGAIN else record[0]
        changed = array("q", (latest, *first))
        if changed != record:
            memory.put(self.name, subject, changed)

    def go_on(self, memory: Memory, subject: str, at: int, pause: int) -> None:
        """What has been seen is still so at `at`."""
        record = memory.get(self.name, subject)
        if record is not None and pause // NOT_AGAIN < at - record[0] <= pause:
            record[0] = at
            memory.put(self.name, subject, record)

    def since(self, memory: Memory, subject: str, at: int, pause: int) -> int | None:
        """When it had been seen `cap` times, in microseconds; None where it was not, or not for `pause`."""
        record = memory.get(self.name, subject)
        if record is None or len(record) <= self.cap or at > record[0] + pause:
            return None
        return record[-1]


class Regulars(Field):
    """Who comes again and again: triples of a digest, since when without a pause, and when last; at most `CAP` of them.

    Where there is no room, whoever came first stays: newcomers cannot drive regulars out.
    """

    CAP = 16
    WORDS = 3

    def add(self, memory: Memory, subject: str, who: int, at: int, pause: int) -> None:
        """Seen at `at`; whoever was not for `pause` begins anew."""
        record = memory.get(self.name, subject) or array("q")
        first, last = at, at
        places = range(0, len(record), self.WORDS)
        place = next((each for each in places if record[each] == who), None)
        if place is None:
            place = next((each for each in places if record[each + 2] + pause < at), len(record))
        elif at <= record[place + 2] + pause:
            first, last = min(at, record[place + 1]), max(at, record[place + 2])
            if first == record[place + 1] and last - record[place + 2] < pause // NOT_AGAIN:
                return
        if place < self.CAP * self.WORDS:
            record[place : place + self.WORDS] = array("q", (who, first, last))
            memory.put(self.name, subject, record)

    def before(self, memory: Memory, subject: str, at: int, pause: int) -> frozenset[int]:
        """Whoever came on an earlier day than that of `at`, and was seen since within `pause`."""
        record: Record = memory.get(self.name, subject) or array("q")
        today = at // DAY
        rows = zip(record[:: self.WORDS], record[1 :: self.WORDS], record[2 :: self.WORDS], strict=True)
        return frozenset(who for who, first, last in rows if first // DAY < today and at <= last + pause)
