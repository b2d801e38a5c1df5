"""The pages people look at, and the parts of them that keep themselves up to date."""

import asyncio
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from streams.console.access import Access, Visitor
from streams.console.board import announcement, headline, mood, read_board, troubles
from streams.console.brakes_page import read_brakes
from streams.console.ports import ProcessStatus
from streams.console.render import Renderer
from streams.console.timeline import tell
from streams.store.journal.journal import Journal

NOTICES = {
    "undo": "It is being undone.",
    "approve": "Approved. It is being carried out.",
    "refuse": "Refused. It will not be carried out.",
    "acknowledge": "You look after it. Nobody is reminded of it until there is news.",
    "close": "The incident is being closed.",
    "late": "Nothing was changed: somebody or something else was first.",
}
Part = tuple[Markup, str, str]


def pages_router(
    access: Access, renderer: Renderer, journal: Journal, status: Callable[[], ProcessStatus], now: Callable[[], int]
) -> APIRouter:
    """`/`, `/incidents/{id}`, and under `/live/` what they fetch."""
    router = APIRouter(include_in_schema=False)

    async def board(visitor: Visitor) -> Part:
        shown, process, brakes = (
            await asyncio.to_thread(read_board, journal, now()),
            status(),
            await read_brakes(journal, now()),
        )
        found = troubles(shown.failures, process, await asyncio.to_thread(access.logins.guessed))
        quiet = bool(process.sources) and not found
        text, name = renderer.part(
            "_board.html", board=shown, troubles=found, headline=headline(shown, quiet), mood=mood(shown, quiet),
            watched=sorted({source.pbx for source in process.sources}), csrf=visitor.csrf, brakes=brakes,
        )  # fmt: skip
        return text, name, announcement(shown, found, quiet)

    async def incident(visitor: Visitor, incident_id: str) -> Part:
        view = await asyncio.to_thread(journal.incidents.find, incident_id)
        if view is None:
            raise HTTPException(404)
        text, name = renderer.part(
            "_incident.html", story=tell(view), csrf=visitor.csrf, brakes=await read_brakes(journal, now())
        )
        found = view.incident
        return text, name, f"{found.title}: {found.status}, {found.stage}."

    def page(visitor: Visitor, part: Part, live: str, title: str, done: str, counters: str = "") -> Response:
        return renderer.page(
            "page.html", visitor=visitor, body=part[0], name=part[1], live=live, title=title,
            notice=NOTICES.get(done, ""), late=done == "late", now=now(), counters=counters,
        )  # fmt: skip

    def news(part: Part, seen: str) -> Response:
        text, name, said = part
        if seen == name:
            return Response(status_code=204)
        return renderer.page("_news.html", body=text, name=name, said=said)

    @router.get("/")
    async def first(visitor: Annotated[Visitor, Depends(access.person)], done: str = "") -> Response:
        counters, _ = renderer.part("_counters.html", status=status())
        return page(visitor, await board(visitor), "/live/board", "Now", done, counters)

    @router.get("/live/board")
    async def first_news(visitor: Annotated[Visitor, Depends(access.page)], seen: str = "") -> Response:
        return news(await board(visitor), seen)

    @router.get("/live/counters")
    async def counters(visitor: Annotated[Visitor, Depends(access.page)]) -> Response:
        return renderer.page("_counters.html", status=status())

    @router.get("/incidents/{incident_id:path}")
    async def one(visitor: Annotated[Visitor, Depends(access.person)], incident_id: str, done: str = "") -> Response:
        live = f"/live/incidents/{quote(incident_id)}"
        return page(visitor, await incident(visitor, incident_id), live, "Incident", done)

    @router.get("/live/incidents/{incident_id:path}")
    async def one_news(visitor: Annotated[Visitor, Depends(access.page)], incident_id: str, seen: str = "") -> Response:
        return news(await incident(visitor, incident_id), seen)

    return router
