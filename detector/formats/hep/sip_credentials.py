"""What an answer says of the credentials of whoever asked: a registration, or a trunk that failed."""

from collections import OrderedDict
from datetime import datetime

from detector.contract.events import Notice, Registration
from detector.formats.asterisk.asterisk_attempts import SECURITY, Draft, Step
from detector.formats.bounded import keep
from detector.formats.format import Occurrences, clean
from detector.formats.hep.sip_exchanges import SipExchange
from detector.formats.hep.sip_message import SipMessage
from detector.formats.own_network import Network

ASKED = frozenset({"REGISTER", "INVITE", "SUBSCRIBE"})
QUESTIONS = frozenset({401, 407})
REFUSALS = {403: "bad_password", 404: "unknown_account", 604: "unknown_account"}
"""Of a REGISTER; to an INVITE these may as well say that the number may not be called, or that nobody has it."""
FORBIDDEN = 403
STALE_IN_A_ROW = 2
"""A telephone comes with an old nonce once; each further one answers credentials that were judged without a trace."""
MAX_PHONES = 16_384


class SipCredentials:
    """Judges answers; `phones` are the accounts that were registered last, by the address and port they came from."""

    def __init__(self, pbx: str, source: str, network: Network) -> None:
        self.pbx = pbx
        self.source = source
        self._network = network
        self._occurrences = Occurrences()
        self._stale: OrderedDict[tuple[str, str], int] = OrderedDict()
        self.phones: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._places: OrderedDict[str, None] = OrderedDict()

    def is_phone(self, address: str) -> bool:
        """Whether somebody was registered from there."""
        return address in self._places

    def judge(self, asked: SipExchange, answer: SipMessage, at: datetime) -> Draft | None:
        """The draft of what a final answer of the PBX says; None where it judges nobody."""
        request, status = asked.message, answer.status
        if status in QUESTIONS:
            return self._questioned(asked, answer, at)
        if request.method != "REGISTER":
            return None
        if 200 <= status < 300:
            return self._accepted(asked, answer, at)
        if status not in REFUSALS:
            return None
        reason = "acl" if status == FORBIDDEN and request.user is None else REFUSALS[status]
        return self._draft(asked, at, "rejected", reason, Step.ANSWER if request.user is not None else Step.REQUEST)

    def trunk_failed(self, asked: SipExchange, answer: SipMessage, at: datetime) -> Notice | None:
        """Our own registration that a carrier refuses although it was given credentials."""
        request = asked.message
        refused = answer.status in QUESTIONS or answer.status in REFUSALS
        if request.method != "REGISTER" or not refused or answer.stale or request.user is None:
            return None
        return Notice(
            pbx=self.pbx, id=self._id(asked, "trunk"), at=at, source=self.source, level="warning",
            name="sip_trunk_registration_failed", account=clean(request.to),
            trunk=self._network.trunk(asked.receiver) or asked.receiver, text=str(answer.status),
        )  # fmt: skip

    def _questioned(self, asked: SipExchange, answer: SipMessage, at: datetime) -> Draft:
        request, key = asked.message, (asked.message.call_id, asked.sender)
        if request.user is None:
            return self._draft(asked, at, "challenged", None, Step.CHALLENGE)
        if not answer.stale:
            self._stale.pop(key, None)
            return self._draft(asked, at, "rejected", "bad_password", Step.ANSWER)
        times = self._stale.get(key, 0) + 1
        keep(self._stale, key, times, MAX_PHONES)
        if times > STALE_IN_A_ROW:
            return self._draft(asked, at, "rejected", "stale_nonce", Step.WHOLE)
        return self._draft(asked, at, "challenged", None, Step.CHALLENGE)

    def _accepted(self, asked: SipExchange, answer: SipMessage, at: datetime) -> Draft:
        """The answer lists who is registered now, whatever the request seems to ask for."""
        place, request = (asked.sender, asked.port), asked.message
        self._stale.pop((request.call_id, asked.sender), None)
        if request.contact and request.expires == 0 and not answer.contact:
            self.phones.pop(place, None)
            return self._draft(asked, at, "removed", None, Step.WHOLE)
        keep(self.phones, place, request.to, MAX_PHONES)
        keep(self._places, asked.sender, None, MAX_PHONES)
        return self._draft(asked, at, "accepted", None, Step.WHOLE)

    def _draft(self, asked: SipExchange, at: datetime, outcome: str, reason: str | None, step: Step) -> Draft:
        """A registration is of the account that To names, any other request of who the credentials say, or From."""
        request = asked.message
        account = request.to if request.method == "REGISTER" else request.user or request.from_
        event = Registration(
            pbx=self.pbx, id=self._id(asked, outcome), at=at, source=self.source, outcome=outcome,
            account=clean(account), method=request.method, source_ip=asked.sender,
            user_agent=clean(request.user_agent), transport=asked.transport or None, reason=reason,
        )  # fmt: skip
        return Draft(event=event, log=SECURITY, step=step, dialogue=("sip", request.call_id, asked.sender))

    def _id(self, asked: SipExchange, outcome: str) -> str:
        request = asked.message
        parts = (request.call_id, str(request.number), request.method, request.branch, request.answer,
                 asked.sender, asked.receiver, outcome)  # fmt: skip
        name = self._occurrences.id_of("\0".join(parts).encode("utf-8", "replace"))
        return f"sip:{name}"
