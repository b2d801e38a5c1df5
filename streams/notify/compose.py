"""Writes the message about an incident, in plain words a tired reader understands."""

import unicodedata
from collections.abc import Iterator, Sequence

from msgspec import Struct

from detector.contract.findings import Loss, Subject
from detector.contract.vocabulary import SEVERITIES, Severity, Stage, State, Status
from detector.decide.acts import ACTS, said
from detector.decide.blast import sentences
from detector.enrich.tariff import amount
from streams.store.rows import ActionRow, IncidentView, NotificationRow

LONGEST_TITLE = 160
LONGEST_LINE = 400
MOST_ACTIONS = 20
MOST_MESSAGES = 20
STAGES = {
    Stage.RECON: "somebody is looking for a way in",
    Stage.CREDENTIAL: "passwords or PINs are being guessed",
    Stage.ACCESS: "somebody got in",
    Stage.PROBE: "test calls are being made",
    Stage.PUMPING: "expensive calls are being made",
}
STATUSES = {
    Status.OPEN: "open",
    Status.CONTAINED: "contained",
    Status.CLOSED: "closed",
    Status.MERGED: "part of another incident",
}
STATES = {
    State.REQUESTED: "WAITS FOR YOUR APPROVAL",
    State.APPROVED: "about to be done",
    State.APPLYING: "being done",
    State.APPLIED: "done, not confirmed yet",
    State.CONFIRMED: "done and confirmed",
    State.UNDONE: "undone",
    State.REFUSED: "NOT DONE, refused",
    State.FAILED: "FAILED",
    State.EXPIRED: "ran out",
    State.SUPERSEDED: "replaced by another",
    State.DRIFTED: "CHANGED BY SOMEBODY SINCE, left alone",
    State.UNDO_FAILED: "COULD NOT BE UNDONE",
}


class Message(Struct, frozen=True):
    """Plain text; `title` is one line."""

    title: str
    text: str


def compose(view: IncidentView, happened: str, console_url: str | None = None) -> Message:
    """The message about `view`, which `happened` (one sentence) is the occasion for."""
    incident = view.incident
    drill = "DRILL: " if incident.drill else ""
    again = "AGAIN: " if incident.reopened and incident.status is Status.OPEN else ""
    title = f"{drill}[{incident.severity.upper()}] {clean(incident.pbx)}: {again}{clean(incident.title)}"
    lines = [
        happened,
        "",
        f"PBX: {clean(incident.pbx)}" + (f" ({clean(incident.tenant)})" if incident.tenant else ""),
        f"Status: {STATUSES[incident.status]}" + (f"; {STAGES[incident.stage]}" if incident.accuses else ""),
        f"Since: {incident.opened_at:%Y-%m-%d %H:%M:%S} {incident.opened_at:%Z}".rstrip(),
        f"Money: {money(incident.loss)}",
        "",
        *_done(view.actions),
    ]
    if console_url:
        lines += ["", f"{console_url.rstrip('/')}/incidents/{incident.id}"]
    return Message(title[:LONGEST_TITLE], "\n".join(lines))


def sum_up(rows: Sequence[NotificationRow], console_url: str | None = None) -> Message:
    """One message for many that wait, the gravest first; the console has each."""
    worst = max((Severity(row.severity) for row in rows), key=SEVERITIES.index)
    title = f"[{worst.upper()}] {len(rows)} messages in one, the gravest: {rows[0].title}"
    lines = ["So much happened at once that it is told together, the gravest first:", ""]
    lines += [f"- {row.title}: {row.text.partition(chr(10))[0]}" for row in rows[:MOST_MESSAGES]]
    more = len(rows) - MOST_MESSAGES
    lines += [f"- and {more} more, which the console shows"] if more > 0 else []
    if console_url:
        lines += ["", f"{console_url.rstrip('/')}/incidents"]
    return Message(title[:LONGEST_TITLE], "\n".join(lines))


def occasion(reason: str, view: IncidentView) -> str:
    """One sentence for a reason of `due.reasons`."""
    kind, _, rest = reason.partition(":")
    if kind == "stage":
        return f"The attack went further: {STAGES[view.incident.stage]}."
    if kind == "reopened":
        return f"It goes on, although it was contained: calls get through again. {money(view.incident.loss)} by now."
    if kind == "closed" and not view.incident.accuses and view.detections:
        return f"It is over. {clean(view.detections[-1].summary)}."
    if kind in {"failed", "ask"}:
        action = next((action for action in view.actions if rest.startswith(action.id)), None)
        deed = deed_of(action) if action is not None else "do what was decided"
        return f"Approval is needed to {deed}." if kind == "ask" else f"Ringfence could not {deed}."
    return {
        "opened": "A new incident.",
        "contained": "The attack is contained.",
        "closed": "The incident is closed.",
        "merged": "The incident is part of another one now.",
        "reminder": "This may have been said before: the last attempt to tell you was interrupted.",
        "again": "It goes on, and nobody has said yet that they look after it.",
    }[kind]


def deed_of(action: ActionRow) -> str:
    """What an action does, to be read after "to"."""
    return said(ACTS[action.kind].words.to_do, Subject(action.target.kind, clean(action.target.id)))


def money(loss: Loss) -> str:
    """What an attack costs, in units of its currency."""
    currency = clean(loss.currency)
    spent = f"{amount(loss.spent, currency)} spent, {amount(loss.per_minute, currency)} a minute"
    return spent + (f", {amount(loss.avoided, currency)} avoided" if loss.avoided else "")


def clean(text: str, longest: int = LONGEST_LINE) -> str:
    """`text` on one bounded line: control, direction and other invisible characters are left out."""
    kept = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " * c.isspace() for c in text[: 4 * longest])
    return " ".join(kept.split())[:longest]


def _done(actions: list[ActionRow]) -> list[str]:
    if not actions:
        return ["Done: nothing; look at it yourself."]
    lines = [line for action in actions[:MOST_ACTIONS] for line in (_line(action), *_stakes(action))]
    more = len(actions) - MOST_ACTIONS
    return ["Done:", *lines, *([f"- and {more} more"] if more > 0 else [])]


def _stakes(action: ActionRow) -> Iterator[str]:
    """Whom it hits, of what waits to be approved."""
    if action.state is State.REQUESTED and action.blast is not None:
        yield f"  {clean(' '.join(sentences(action.blast)))}"


def _line(action: ActionRow) -> str:
    error = f" ({clean(action.error)})" if action.error else ""
    return f"- {deed_of(action)}: {STATES[action.state]}{error}"
