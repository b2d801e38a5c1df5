"""The outer wall of the console: hosts, headers, sizes, and plain pages for what goes wrong."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.store.store_errors import UnavailableError

LARGEST_FORM = 16_384
MOST_FIELDS = 16
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
PLAIN = {
    400: "This request cannot be understood.",
    403: "This is not allowed.",
    404: "There is nothing here.",
    405: "This cannot be done here.",
    411: "The length is missing.",
    413: "This is too long.",
    415: "Only forms are accepted here.",
    500: "Something went wrong. It was noted.",
    503: "The journal cannot be read right now. Try again in a moment.",
}


class SecurityHeaders:
    """Gives every answer the headers that keep browsers from doing more than show it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; what an answer says itself stays."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-cache")  # may be kept, if asked for each time
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending)


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a small URL-encoded form, each once. Raises HTTPException for anything else."""
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise HTTPException(411)
    if int(length[:9]) > LARGEST_FORM:
        raise HTTPException(413)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    try:
        text = (await request.body()).decode("ascii")
        fields = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(400) from None
    return {name: values[0] for name, values in fields.items()}


def plain(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A page that says what is wrong, and nothing about us."""
    text = f"{status}: {PLAIN.get(status, 'This did not work.')}\n"
    return PlainTextResponse(text, status, {**HEADERS, **(headers or {})})


def install_error_pages(app: FastAPI) -> None:
    """Plain pages for every error."""

    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        return plain(error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def not_understood(_request: Request, _error: RequestValidationError) -> Response:
        return plain(400)

    @app.exception_handler(UnavailableError)
    async def unavailable(_request: Request, _error: UnavailableError) -> Response:
        return plain(503, {"Retry-After": "5"})

    @app.exception_handler(Exception)
    async def broken(_request: Request, _error: Exception) -> Response:
        return plain(500)
