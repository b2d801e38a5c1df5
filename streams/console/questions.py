"""Asks once more before something is undone, refused or closed: in a dialog, or on a page of its own."""

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import Response

from detector.contract.vocabulary import Mode, State
from streams.console.access import Access, Visitor
from streams.console.advice import let_go, staying
from streams.console.render import Renderer
from streams.console.wording import consequence, done, order
from streams.store.journal.journal import Journal
from streams.store.rows import ActionRow, IncidentView

MOST_ITEMS = 12


class Question(Struct, frozen=True, kw_only=True):
    """`path` is where the answer is sent; `back` says where it leads then, which is `place`. `judged`:
    it is asked what the incident was. `overturns`: it may be said that it was wrong to do this."""

    path: str
    title: str
    text: str
    items: tuple[str, ...] = ()
    label: str
    button: str
    needed: bool
    back: str
    place: str
    judged: bool = False
    overturns: bool = False


def questions_router(access: Access, renderer: Renderer, journal: Journal) -> APIRouter:
    """The questions at `/refuse/` and `/undo/` with an action's id, at `/close/` with an incident's."""
    router = APIRouter(include_in_schema=False)

    def ask(request: Request, visitor: Visitor, question: Question) -> Response:
        template = "_question.html" if "hx-request" in request.headers else "question.html"
        return renderer.page(template, visitor=visitor, question=question, title=question.title)

    @router.get("/refuse/{action_id:path}")
    async def refuse(
        request: Request, visitor: Annotated[Visitor, Depends(access.person)], action_id: str, back: str = ""
    ) -> Response:
        return ask(request, visitor, _refusing(await find_action(journal, action_id), back))

    @router.get("/undo/{action_id:path}")
    async def undo(
        request: Request, visitor: Annotated[Visitor, Depends(access.person)], action_id: str, back: str = ""
    ) -> Response:
        return ask(request, visitor, _undoing(await find_action(journal, action_id), back))

    @router.get("/close/{incident_id:path}")
    async def close(
        request: Request, visitor: Annotated[Visitor, Depends(access.person)], incident_id: str
    ) -> Response:
        view = await asyncio.to_thread(journal.incidents.find, incident_id)
        if view is None:
            raise HTTPException(404)
        return ask(request, visitor, _closing(view))

    return router


async def find_action(journal: Journal, action_id: str) -> ActionRow:
    """The action of this id. Raises HTTPException 404."""
    found = await asyncio.to_thread(journal.actions.find, action_id)
    if found is None:
        raise HTTPException(404)
    return found


def place(back: str, incident_id: str) -> str:
    """Where somebody came from: the incident's page, or the first one."""
    return f"/incidents/{quote(incident_id)}" if back == "incident" else "/"


def _undoing(action: ActionRow, back: str) -> Question:
    return Question(
        path=f"/undo/{quote(action.id)}",
        title=f"Undo: {order(action.kind, action.target)}?",
        text=f"{consequence(action.kind, action.target)} Ringfence does not do the same again for a day.".strip(),
        label="Why (kept with the incident)",
        button="Yes, undo it",
        overturns=action.decision.mode is Mode.AUTO,
        needed=False,
        back=back,
        place=place(back, action.incident),
    )


def _refusing(action: ActionRow, back: str) -> Question:
    return Question(
        path=f"/refuse/{quote(action.id)}",
        title=f"Refuse: {order(action.kind, action.target)}?",
        text="It will not be carried out, and what it was meant to stop goes on.",
        label="Why (kept with the incident)",
        button="Yes, refuse it",
        needed=False,
        back=back,
        place=place(back, action.incident),
    )


def _closing(view: IncidentView) -> Question:
    held = [action for action in view.actions if action.state is State.REQUESTED and not action.drill]
    kept = staying(view.actions)
    items = [consequence(action.kind, action.target) for action in let_go(view.actions)]
    items += [f"Not asked any more: {order(action.kind, action.target)}." for action in held]
    items += [f"Stays until somebody undoes it: {done(action.kind, action.target)}." for action in kept]
    ends = "Its blocks end now, but for what stays." if kept else "All its blocks end now."
    more = len(items) - MOST_ITEMS
    shown = (*items[:MOST_ITEMS], *([f"and {more} more"] if more > 0 else []))
    return Question(
        path=f"/close/{quote(view.incident.id)}",
        title="Close this incident?",
        text=f"{ends} Close it when the way in is shut: password changed, address or call explained."
        if items
        else "It was looked into, and nothing more is to be done about it.",
        items=shown,
        label="What was found and done (kept with the incident)",
        button="Close it and end its blocks" if items else "Close the incident",
        needed=True,
        judged=True,
        back="incident",
        place=place("incident", view.incident.id),
    )
