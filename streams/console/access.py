"""Who is asking: the session cookie, the token against forged forms, login and logout."""

import asyncio
import secrets
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Depends, Request
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from streams.console.client_address import Proxies, find_client
from streams.console.logins import GUESSES_SECONDS, KNOWN, PAUSE_SECONDS, SECOND, LoginRefused, Logins, Opened, same
from streams.console.render import Renderer
from streams.console.wall import read_form
from streams.store.rows import SessionRow

LOG = structlog.get_logger(__name__)
SAID = {
    LoginRefused.WRONG: "Wrong name or password.",
    LoginRefused.LOCKED: "Too many attempts. Try again in an hour, or with a browser that has been logged in before.",
    LoginRefused.PAUSE: "Too many attempts. Try again in a few seconds.",
}
RETRY_AFTER = {LoginRefused.LOCKED: GUESSES_SECONDS, LoginRefused.PAUSE: PAUSE_SECONDS}
STALE = "This page had been open for too long. Please log in again."


class Visitor(Struct, frozen=True):
    """Somebody logged in."""

    name: str
    csrf: str


class Access:
    """Tells who is asking, and turns everybody else away."""

    def __init__(self, logins: Logins, *, https: bool, proxies: Proxies = ()) -> None:
        self.logins = logins
        self._https = https
        self._proxies = proxies
        prefix = "__Host-" if https else ""
        self.cookie = f"{prefix}ringfence"
        self.form_cookie = f"{prefix}ringfence-login"
        self.known_cookie = f"{prefix}ringfence-known"

    def address(self, request: Request) -> str:
        """Where a request comes from, as far as a proxy of ours or the connection tells."""
        peer = request.client.host if request.client else ""
        return find_client(peer, request.headers.getlist("x-forwarded-for"), self._proxies)

    async def person(self, request: Request) -> Visitor:
        """Whoever did something; sends others to the login."""
        return await self._visitor(request, active=True)

    async def page(self, request: Request) -> Visitor:
        """Whoever's page fetches news by itself, which does not keep the session alive."""
        return await self._visitor(request, active=False)

    async def order(self, request: Request) -> tuple[Visitor, dict[str, str]]:
        """Whoever sent a form of ours, and its fields. A form without the right token is refused."""
        session = await self._session(request, active=True)
        if session is None:
            raise HTTPException(303, headers={"Location": "/login"})
        fields = dict(await read_form(request))
        if not same(fields.get("csrf", ""), session.csrf):
            raise HTTPException(403)
        return Visitor(session.account, session.csrf), fields

    async def _visitor(self, request: Request, *, active: bool) -> Visitor:
        session = await self._session(request, active=active)
        if session is not None:
            return Visitor(session.account, session.csrf)
        if "hx-request" in request.headers:
            raise HTTPException(401, headers={"HX-Redirect": "/login"})
        path = request.url.path
        place = f"/login?to={quote(path)}" if _incident(path) else "/login"
        raise HTTPException(303, headers={"Location": place})

    async def _session(self, request: Request, *, active: bool) -> SessionRow | None:
        token = request.cookies.get(self.cookie, "")
        return await asyncio.to_thread(self.logins.find, token, active=active) if token else None

    def give(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Set a cookie that scripts and other sites never see; it ends with the browser, or after so many seconds."""
        response.set_cookie(
            name, value, max_age=seconds, httponly=True, samesite="strict", secure=self._https, path="/"
        )

    def take(self, response: Response, name: str) -> None:
        """Remove a cookie."""
        response.delete_cookie(name, httponly=True, samesite="strict", secure=self._https, path="/")


def access_router(access: Access, renderer: Renderer) -> APIRouter:
    """`/login` and `/logout`."""
    router = APIRouter(include_in_schema=False)

    def form(to: str, code: int = 200, said: str = "") -> Response:
        token = secrets.token_urlsafe(32)
        response = renderer.page("login.html", code=code, title="Log in", visitor=None, csrf=token, to=to, said=said)
        access.give(response, access.form_cookie, token)
        return response

    @router.get("/login")
    async def ask(to: str = "/") -> Response:
        return form(to if _incident(to) else "/")

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        fields = await read_form(request)
        to = fields.get("to", "/")
        to = to if _incident(to) else "/"
        expected = request.cookies.get(access.form_cookie, "")
        if not expected or not same(fields.get("csrf", ""), expected):
            return form(to, 403, STALE)
        address, known = access.address(request), request.cookies.get(access.known_cookie, "")
        opened = await asyncio.to_thread(
            access.logins.open, fields.get("name", ""), fields.get("password", ""), address, known
        )
        if not isinstance(opened, Opened):
            LOG.warning("console login refused", why=str(opened), address=address)
            refused = form(to, 429 if opened in RETRY_AFTER else 401, SAID[opened])
            if opened in RETRY_AFTER:
                refused.headers["Retry-After"] = str(RETRY_AFTER[opened])
            return refused
        LOG.info("console login", name=fields["name"], address=address)
        response = RedirectResponse(to, 303)
        access.take(response, access.form_cookie)
        access.give(response, access.cookie, opened.token)
        access.give(response, access.known_cookie, opened.known, KNOWN // SECOND)
        return response

    @router.post("/logout")
    async def log_out(
        request: Request, _order: Annotated[tuple[Visitor, dict[str, str]], Depends(access.order)]
    ) -> Response:
        await asyncio.to_thread(access.logins.end, request.cookies[access.cookie])
        response = RedirectResponse("/login", 303)
        access.take(response, access.cookie)
        return response

    return router


def _incident(path: str) -> bool:
    """Whether this is the address of an incident's page here, and not of another site."""
    return path.startswith("/incidents/") and path.isascii() and path.isprintable() and "\\" not in path
