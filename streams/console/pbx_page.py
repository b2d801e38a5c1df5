"""The page of a PBX: how each control of the guide is seen there, and which rules nothing feeds."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import Response

from streams.console.access import Access, Visitor
from streams.console.render import Renderer
from streams.pbxs.sight import PbxSight

Sights = Callable[[str], PbxSight | None]
"""What is seen of a PBX, by its name; None where there is none of that name. Must not block."""


def pbx_router(access: Access, renderer: Renderer, sights: Sights) -> APIRouter:
    """`/pbxs/{id}`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/pbxs/{pbx:path}")
    async def one(visitor: Annotated[Visitor, Depends(access.person)], pbx: str) -> Response:
        found = sights(pbx)
        if found is None:
            raise HTTPException(404)
        return renderer.page("pbx.html", visitor=visitor, title="PBX", pbx=found)

    return router
