"""Local times of a log in UTC."""

from datetime import UTC, datetime, timedelta, tzinfo

OUT_OF_ORDER = timedelta(minutes=5)
A_MINUTE, NOTHING = timedelta(minutes=1), timedelta()


class LocalTime:
    """Reads local times; in the hour that comes twice a step back of more than five minutes begins the second one.

    The last minute that comes once is remembered, as it was written and in UTC: most lines share theirs.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._plain: tuple[datetime, datetime] | None = None

    def in_utc(self, local: datetime, last: datetime | None) -> datetime:
        """The moment of a time without a zone; `last` is the latest one before it. Raises OverflowError."""
        if self._plain is not None and NOTHING <= (since := local - self._plain[0]) < A_MINUTE:
            return self._plain[1] + since
        zoned = local.replace(tzinfo=self._zone)
        again = zoned.replace(fold=1)
        first = zoned.astimezone(UTC)
        if zoned.utcoffset() == again.utcoffset():
            minute = local.replace(second=0, microsecond=0)
            self._plain = (minute, first - (local - minute))
            return first
        second = again.astimezone(UTC)
        if second <= first or last is None:
            return first
        return second if last.astimezone(self._zone).fold or first < last - OUT_OF_ORDER else first
