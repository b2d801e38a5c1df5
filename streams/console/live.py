"""The pages of all live incidents and of all that waits for consent: the gravest first, none left out."""

import asyncio
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from msgspec import Struct
from starlette.responses import Response

from detector.contract.findings import Incident
from detector.contract.vocabulary import Status
from streams.console.access import Access, Visitor
from streams.console.render import Renderer
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow

PAGE = 50
LAST_PAGE = 10_000
Number = Annotated[int, Query(ge=1, le=LAST_PAGE)]


class LivePage(Struct, frozen=True, kw_only=True):
    """One page of the live incidents, of one PBX or all."""

    pbx: str
    pbxs: list[str]
    rows: list[Incident]
    number: int
    before: str | None
    after: str | None


class WaitingPage(Struct, frozen=True, kw_only=True):
    """One page of what waits for consent, with the titles of its incidents."""

    rows: list[ActionRow]
    titles: dict[str, str]
    number: int
    before: str | None
    after: str | None


def live_router(access: Access, renderer: Renderer, journal: Journal) -> APIRouter:
    """`/incidents`, with `pbx` and `page` to choose from them, and `/waiting` with `page`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/incidents")
    async def incidents(
        visitor: Annotated[Visitor, Depends(access.person)],
        pbx: Annotated[str, Query(max_length=1_024)] = "",
        page: Number = 1,
    ) -> Response:
        shown = await asyncio.to_thread(read_live, journal, pbx, page)
        return renderer.page("live.html", visitor=visitor, title="Live incidents", live=shown)

    @router.get("/waiting")
    async def waiting(visitor: Annotated[Visitor, Depends(access.person)], page: Number = 1) -> Response:
        shown = await asyncio.to_thread(read_waiting, journal, page)
        return renderer.page("waiting.html", visitor=visitor, title="Waiting for you", asked=shown, csrf=visitor.csrf)

    return router


def read_live(journal: Journal, pbx: str, number: int) -> LivePage:
    """Page `number`, counted from 1, of one PBX, or of all where `pbx` is empty; blocks."""
    found = journal.incidents.live(PAGE + 1, (number - 1) * PAGE, pbx or None)
    chosen = {"pbx": pbx} if pbx else {}
    before, after = _neighbours("/incidents", chosen, number, len(found))
    pbxs = journal.incidents.pbxs_with(Status.OPEN, Status.CONTAINED)
    return LivePage(pbx=pbx, pbxs=pbxs, rows=found[:PAGE], number=number, before=before, after=after)


def read_waiting(journal: Journal, number: int) -> WaitingPage:
    """Page `number`, counted from 1; blocks."""
    found = journal.actions.waiting(PAGE + 1, (number - 1) * PAGE)
    because = journal.incidents.some({action.incident for action in found})
    before, after = _neighbours("/waiting", {}, number, len(found))
    titles = {name: incident.title for name, incident in because.items()}
    return WaitingPage(rows=found[:PAGE], titles=titles, number=number, before=before, after=after)


def _neighbours(path: str, chosen: dict[str, str], number: int, found: int) -> tuple[str | None, str | None]:
    """The addresses of the page before and after, None where there is none."""
    before = f"{path}?" + urlencode({**chosen, "page": number - 1}) if number > 1 else None
    after = f"{path}?" + urlencode({**chosen, "page": number + 1}) if found > PAGE and number < LAST_PAGE else None
    return before, after
