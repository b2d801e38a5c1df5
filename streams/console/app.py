"""Puts the console together."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, tzinfo

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from streams.console.access import Access, access_router
from streams.console.allowed import allowed_router
from streams.console.brakes_page import brakes_router
from streams.console.client_address import Proxies
from streams.console.closed import closed_router
from streams.console.live import live_router
from streams.console.logins import Logins
from streams.console.order_forms import orders_router
from streams.console.pages import pages_router
from streams.console.pbx_page import Sights, pbx_router
from streams.console.ports import Commands, ProcessStatus
from streams.console.questions import questions_router
from streams.console.render import FOLDER, Renderer
from streams.console.rules_page import rules_router
from streams.console.wall import SecurityHeaders, install_error_pages
from streams.console.wording import utc_micros
from streams.containment.earning import ModeOf
from streams.store.journal.journal import Journal

LOCAL = ("127.0.0.1", "localhost", "[::1]")


def create_app(
    journal: Journal,
    *,
    commands: Commands,
    status: Callable[[], ProcessStatus],
    sights: Sights,
    pbxs: Sequence[str] = (),
    mode_of: ModeOf = lambda pbx, rule: None,
    hosts: Collection[str] = LOCAL,
    https: bool = False,
    proxies: Proxies = (),
    zone: tzinfo = UTC,
    now: Callable[[], int] = utc_micros,
) -> FastAPI:
    """The console. Other routers (webhooks, the feed) may be included in it.

    Answers only to the host names in `hosts`. `https`: browsers reach it through TLS only. `proxies` are believed
    where a request comes from. `pbxs` are those that are configured, `mode_of` what their rules may do. `zone`: in
    which times are shown. `now`: microseconds since 1970. `status` and `sights` are called in the event loop: they
    must not block.
    """
    app = FastAPI(title="Ringfence", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    renderer = Renderer(zone)
    access = Access(Logins(journal, now), https=https, proxies=proxies)
    app.include_router(access_router(access, renderer))
    app.include_router(pages_router(access, renderer, journal, status, now))
    app.include_router(pbx_router(access, renderer, sights))
    app.include_router(closed_router(access, renderer, journal))
    app.include_router(allowed_router(access, renderer, journal, status, now))
    app.include_router(live_router(access, renderer, journal))
    app.include_router(questions_router(access, renderer, journal))
    app.include_router(orders_router(access, journal, commands, now))
    app.include_router(rules_router(access, renderer, journal, mode_of))
    app.include_router(brakes_router(access, renderer, journal, pbxs, now))
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    install_error_pages(app)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted(hosts), www_redirect=False)
    app.add_middleware(SecurityHeaders)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app
