"""The page of rules: how often each was right by people's verdicts, and what it is proposed for."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from streams.console.access import Access, Visitor
from streams.console.render import Renderer
from streams.containment.earning import LEAST_VERDICTS, LOWER_BOUND, ModeOf, standings
from streams.store.journal.journal import Journal


def rules_router(access: Access, renderer: Renderer, journal: Journal, mode_of: ModeOf) -> APIRouter:
    """`/rules`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/rules")
    async def page(visitor: Annotated[Visitor, Depends(access.person)]) -> Response:
        records = await asyncio.to_thread(journal.verdicts.records)
        return renderer.page(
            "rules.html", visitor=visitor, title="Rules", standings=standings(records, mode_of),
            least=LEAST_VERDICTS, bound=LOWER_BOUND,
        )  # fmt: skip

    return router
