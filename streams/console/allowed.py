"""The page of the allow-list: whom Ringfence leaves alone, why, until when, and who said so."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from detector.decide.allow_list import allowable
from streams.console.access import Access, Visitor
from streams.console.order_forms import Form, note_of
from streams.console.ports import ProcessStatus
from streams.console.render import Renderer
from streams.store.journal.journal import Journal

DAY = 86_400_000_000
DAYS = (1, 7, 30, 90, 365)
MOST_DIGITS = 18


def allowed_router(
    access: Access, renderer: Renderer, journal: Journal, status: Callable[[], ProcessStatus], now: Callable[[], int]
) -> APIRouter:
    """`/allowed`, and the forms on it."""
    router = APIRouter(include_in_schema=False)

    async def page(visitor: Visitor, said: str = "", code: int = 200) -> Response:
        entries = await asyncio.to_thread(journal.guard.allowed, now())
        return renderer.page(
            "allowed.html", code=code, visitor=visitor, title="Left alone", entries=entries, days=DAYS, said=said,
            pbxs=pbxs_of(status()),
        )  # fmt: skip

    @router.get("/allowed")
    async def show(visitor: Annotated[Visitor, Depends(access.person)]) -> Response:
        return await page(visitor)

    @router.post("/allowed")
    async def put_on(form: Annotated[Form, Depends(access.order)]) -> Response:
        visitor, fields = form
        try:
            value, days = allowable(fields.get("value", "")), days_of(fields)
        except ValueError as error:
            return await page(visitor, f"Nothing was put on the list: {error}.", 400)
        pbx, reason = fields.get("pbx") or None, note_of(fields)
        if not reason or (pbx is not None and pbx not in pbxs_of(status())):
            raise HTTPException(400)
        at = now()
        await asyncio.to_thread(
            journal.guard.allow, value, pbx=pbx, reason=reason, by=visitor.name, now=at, until=at + days * DAY
        )
        return RedirectResponse("/allowed", 303)

    @router.post("/allowed/end/{entry}")
    async def take_off(form: Annotated[Form, Depends(access.order)], entry: str) -> Response:
        if not entry.isascii() or not entry.isdigit() or len(entry) > MOST_DIGITS:
            raise HTTPException(404)
        await asyncio.to_thread(journal.guard.disallow, int(entry), by=form[0].name, now=now())
        return RedirectResponse("/allowed", 303)

    return router


def pbxs_of(status: ProcessStatus) -> list[str]:
    """The PBXs that are watched."""
    return sorted({source.pbx for source in status.sources})


def days_of(fields: dict[str, str]) -> int:
    """For how long. Raises ValueError for a time that is not offered."""
    days = {str(each): each for each in DAYS}.get(fields.get("days", ""))
    if days is None:
        raise ValueError("choose for how long")
    return days
