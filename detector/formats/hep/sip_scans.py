"""Requests that only look around: told one by one up to a bound, and what is beyond it as one number."""

from collections import OrderedDict
from datetime import datetime, timedelta

from detector.contract.events import Notice
from detector.formats.bounded import keep
from detector.formats.format import Occurrences, clean
from detector.formats.hep.sip_exchanges import SipExchange

A_MINUTE = timedelta(minutes=1)
OF_ONE = 32
"""More than any rule counts to."""
OF_ALL = 2_048
MAX_ADDRESSES = 4_096


class SipScans:
    """Counts by the minute. A probe that is told has its address; those beyond have none, for there may be many."""

    def __init__(self, pbx: str, source: str) -> None:
        self.pbx = pbx
        self.source = source
        self._occurrences = Occurrences()
        self._began: datetime | None = None
        self._of_one: OrderedDict[str, int] = OrderedDict()
        self._told = 0
        self.folded = 0

    def note(self, asked: SipExchange) -> list[Notice]:
        """What there is to tell now that this was asked."""
        told = self.advance(asked.at)
        self._began = self._began or asked.at
        times = self._of_one.get(asked.sender, 0) + 1
        keep(self._of_one, asked.sender, times, MAX_ADDRESSES)
        if times > OF_ONE or self._told >= OF_ALL:
            self.folded += 1
            return told
        self._told += 1
        request = asked.message
        told.append(self._notice(
            "sip_probe", asked.at, f"{request.call_id}\0{request.number}\0{asked.sender}", request.method,
            source_ip=asked.sender,
        ))  # fmt: skip
        return told

    def advance(self, at: datetime) -> list[Notice]:
        """What was folded of a minute that is over."""
        if self._began is None or abs(at - self._began) < A_MINUTE:
            return []
        return self.release(at)

    def release(self, at: datetime) -> list[Notice]:
        """What is folded so far."""
        folded, began = self.folded, self._began
        self._began, self._told, self.folded = None, 0, 0
        self._of_one.clear()
        if not folded or began is None:
            return []
        return [self._notice("sip_probes_folded", max(at, began), str(began), f"{folded} more since {began:%H:%M:%S}")]

    def _notice(self, name: str, at: datetime, key: str, text: str, source_ip: str | None = None) -> Notice:
        return Notice(
            pbx=self.pbx, id=f"{name}:{self._occurrences.id_of(key.encode('utf-8', 'replace'))}", at=at,
            source=self.source, name=name, level="information", source_ip=source_ip, text=clean(text),
        )  # fmt: skip
