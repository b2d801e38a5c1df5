"""What a person orders: approve, refuse, undo, close."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from streams.console.access import Access, Visitor
from streams.console.ports import Commands
from streams.console.questions import find_action, place
from streams.containment.earning import judge, overturn
from streams.store.journal.journal import Journal
from streams.store.journal.journal_verdicts import CaseVerdict

LONGEST_NOTE = 1_000
Form = tuple[Visitor, dict[str, str]]


def orders_router(access: Access, journal: Journal, commands: Commands, now: Callable[[], int]) -> APIRouter:
    """Forms sent to `/approve/`, `/refuse/` and `/undo/` with an action's id, to the others with an incident's."""
    router = APIRouter(include_in_schema=False)

    @router.post("/approve/{action_id:path}")
    async def approve(form: Annotated[Form, Depends(access.order)], action_id: str) -> Response:
        visitor, fields = form
        action = await find_action(journal, action_id)
        done = await commands.approve(action.id, visitor.name)
        return _back("approve" if done else "late", fields, action.incident)

    @router.post("/refuse/{action_id:path}")
    async def refuse(form: Annotated[Form, Depends(access.order)], action_id: str) -> Response:
        visitor, fields = form
        action = await find_action(journal, action_id)
        done = await commands.refuse(action.id, visitor.name, note_of(fields))
        return _back("refuse" if done else "late", fields, action.incident)

    @router.post("/undo/{action_id:path}")
    async def undo(form: Annotated[Form, Depends(access.order)], action_id: str) -> Response:
        visitor, fields = form
        action = await find_action(journal, action_id)
        done = await commands.undo(action.id, visitor.name, note_of(fields))
        if done and fields.get("wrong"):
            await asyncio.to_thread(overturn, journal, action, by=visitor.name, note=note_of(fields), now=now())
        return _back("undo" if done else "late", fields, action.incident)

    @router.post("/acknowledge/{incident_id:path}")
    async def acknowledge(form: Annotated[Form, Depends(access.order)], incident_id: str) -> Response:
        visitor, fields = form
        done = await commands.acknowledge(incident_id, visitor.name)
        return _back("acknowledge" if done else "late", fields, incident_id)

    @router.post("/close/{incident_id:path}")
    async def close(form: Annotated[Form, Depends(access.order)], incident_id: str) -> Response:
        visitor, fields = form
        if await asyncio.to_thread(journal.incidents.find, incident_id) is None:
            raise HTTPException(404)
        note = note_of(fields)
        if not note:
            raise HTTPException(400)
        given = fields.get("verdict", CaseVerdict.UNSURE)
        if given not in set(CaseVerdict):
            raise HTTPException(400)
        done = await commands.close_incident(incident_id, visitor.name, note)
        if done:
            await asyncio.to_thread(
                judge, journal, incident_id, CaseVerdict(given), by=visitor.name, note=note, now=now()
            )
        return _back("close" if done else "late", fields, incident_id)

    return router


def note_of(fields: dict[str, str]) -> str:
    """What the person said."""
    return fields.get("note", "").strip()[:LONGEST_NOTE]


def _back(done: str, fields: dict[str, str], incident_id: str) -> Response:
    return RedirectResponse(f"{place(fields.get('back', ''), incident_id)}?done={done}", 303)
