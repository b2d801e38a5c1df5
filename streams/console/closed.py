"""The page of closed incidents: what is over, of which PBX, and what was said when it was closed."""

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
from streams.store.rows import RemarkRow

PAGE = 50
LAST_PAGE = 10_000


class Shelf(Struct, frozen=True, kw_only=True):
    """One page of closed incidents, each with what the person said who closed it; None closed by itself."""

    pbx: str
    pbxs: list[str]
    rows: list[tuple[Incident, RemarkRow | None]]
    number: int
    newer: str | None
    older: str | None


def closed_router(access: Access, renderer: Renderer, journal: Journal) -> APIRouter:
    """`/closed`, with `pbx` and `page` to choose from them."""
    router = APIRouter(include_in_schema=False)

    @router.get("/closed")
    async def closed(
        visitor: Annotated[Visitor, Depends(access.person)],
        pbx: Annotated[str, Query(max_length=1_024)] = "",
        page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1,
    ) -> Response:
        shelf = await asyncio.to_thread(read_shelf, journal, pbx, page)
        return renderer.page("closed.html", visitor=visitor, title="Closed incidents", shelf=shelf)

    return router


def read_shelf(journal: Journal, pbx: str, number: int) -> Shelf:
    """Page `number`, counted from 1, of one PBX, or of all where `pbx` is empty; blocks."""
    found = journal.incidents.closed(PAGE + 1, (number - 1) * PAGE, pbx or None)
    shown = found[:PAGE]
    said = journal.remarks.about([incident.id for incident in shown], "closed")
    return Shelf(
        pbx=pbx,
        pbxs=journal.incidents.pbxs_with(Status.CLOSED),
        rows=[(incident, said.get(incident.id)) for incident in shown],
        number=number,
        newer=_address(pbx, number - 1) if number > 1 else None,
        older=_address(pbx, number + 1) if len(found) > PAGE and number < LAST_PAGE else None,
    )


def _address(pbx: str, number: int) -> str:
    chosen = {"pbx": pbx} if pbx else {}
    return "/closed?" + urlencode({**chosen, "page": number})
