"""The page of brakes: stop acting, mute a rule or subject, and resume."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from detector.decide.brakes import Brake, BrakeKind, scope
from detector.detect.catalogue import detectors
from streams.console.access import Access, Visitor
from streams.console.render import Renderer
from streams.store.journal.journal import Journal

SHOWN = 100
LONGEST_SUBJECT = 256
HOUR_MICROS = 3_600 * 1_000_000
LENGTHS = {"1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "1 day", "168": "1 week", "720": "30 days"}
"""Hours, and how they are said."""
SAID = {
    "stop": "Acting is stopped. It holds at once.",
    "mute": "Muted.",
    "end": "Ended. What was held back meanwhile goes on waiting for approval.",
    "late": "Nothing was changed: somebody or something else was first.",
}
Form = tuple[Visitor, dict[str, str]]


class ShownBrake(Struct, frozen=True):
    """A brake with what it is about, in words."""

    brake: Brake
    scope: str


def shown(brakes: Sequence[Brake]) -> list[ShownBrake]:
    """As the templates show them."""
    return [ShownBrake(brake, scope(brake)) for brake in brakes]


async def read_brakes(journal: Journal, now: int) -> list[ShownBrake]:
    """Those in force, for any page."""
    return shown(await asyncio.to_thread(journal.brakes.in_force, now))


def brakes_router(
    access: Access, renderer: Renderer, journal: Journal, pbxs: Sequence[str], now: Callable[[], int]
) -> APIRouter:
    """`/brakes`, and the forms sent to `/brakes/stop`, `/brakes/mute` and `/brakes/end/` with a number."""
    router = APIRouter(include_in_schema=False)

    @router.get("/brakes")
    async def page(visitor: Annotated[Visitor, Depends(access.person)], done: str = "") -> Response:
        newest = await asyncio.to_thread(journal.brakes.newest, SHOWN)
        at = now()
        return renderer.page(
            "brakes.html", visitor=visitor, title="Brakes", notice=SAID.get(done, ""), late=done == "late",
            brakes=shown([one for one in newest if one.in_force(at)]),
            past=shown([one for one in newest if not one.in_force(at)]),
            pbxs=pbxs, rules=sorted(detectors()), lengths=LENGTHS,
        )  # fmt: skip

    @router.post("/brakes/stop")
    async def stop(form: Annotated[Form, Depends(access.order)]) -> Response:
        await put(BrakeKind.STOP, form)
        return RedirectResponse("/brakes?done=stop", 303)

    @router.post("/brakes/mute")
    async def mute(form: Annotated[Form, Depends(access.order)]) -> Response:
        _, fields = form
        if not (fields.get("rule") or fields.get("subject", "").strip()) or fields.get("hours") not in LENGTHS:
            raise HTTPException(400)
        await put(BrakeKind.MUTE, form)
        return RedirectResponse("/brakes?done=mute", 303)

    @router.post("/brakes/end/{number}")
    async def end(form: Annotated[Form, Depends(access.order)], number: int) -> Response:
        visitor, _ = form
        if not 0 < number < 1 << 62:
            raise HTTPException(404)
        ended = await asyncio.to_thread(journal.brakes.end, number, visitor.name, now=now())
        return RedirectResponse(f"/brakes?done={'end' if ended else 'late'}", 303)

    async def put(kind: BrakeKind, form: Form) -> None:
        visitor, fields = form
        pbx, rule, hours = fields.get("pbx", ""), fields.get("rule", ""), fields.get("hours", "")
        subject, reason = fields.get("subject", "").strip(), fields.get("note", "").strip()
        known = pbx in {"", *pbxs} and rule in {"", *detectors()} and hours in {"", *LENGTHS}
        if not (known and reason) or len(subject) > LONGEST_SUBJECT:
            raise HTTPException(400)
        until = now() + int(hours) * HOUR_MICROS if hours else None
        await asyncio.to_thread(
            journal.brakes.put, kind, by=visitor.name, reason=reason, now=now(), pbx=pbx, rule=rule,
            subject=subject if kind is BrakeKind.MUTE else "", until=until,
        )  # fmt: skip

    return router
