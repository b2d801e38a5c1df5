"""A Yeastar P-Series over its API: what Ringfence reads, changes and listens to."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import SecretStr

from detector.formats.yeastar.yeastar_clock import PbxClock
from streams.pbxs.pbx import Fence, LoginMemory
from streams.pbxs.pbx_errors import AccessDenied, BadParameter, NotFound, NotSupported, TokenExpired
from streams.runtime.clock import CLOCK
from streams.yeastar.answers import (
    ActiveCall,
    BackupFile,
    BlockedNumberRule,
    Credentials,
    ExtensionAnswer,
    GroupAnswer,
    Information,
    Item,
    RouteAnswer,
    TrunkAnswer,
    as_shape,
    data_of,
    made,
    read,
)
from streams.yeastar.http import Http, Param
from streams.yeastar.session import Session
from streams.yeastar.subscription import Subscription, subscribed

PAGE = 500
MAX_PAGES = 200
LEAST: dict[str, dict[str, Param]] = {"call/query": {"type": "outbound"}, "extension/getpassword": {"id": 0}}
"""What to ask where that is not a page, so that no secret is told."""

T = TypeVar("T")
Direction = Literal["inbound", "outbound"]


class YeastarClient:
    """One PBX's API; all callers share one login. Raises `PbxError` only.

    Reads are tried again when the connection fails. Changes are not, unless they never left us: read back
    whether they happened, then decide. `zone` is the PBX's own: its times carry none. `verify` is False for
    no check of the certificate, or the path of the authority to trust. `timeout` of a request and `pause`
    before a second try in seconds; `clock` runs evenly, `now` is the time of day in seconds since 1970. Changes
    and logins pass the `fence`.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: SecretStr,
        *,
        zone: tzinfo,
        verify: bool | Path = True,
        timeout: float = 10.0,
        pause: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = CLOCK.now,
        memory: LoginMemory | None = None,
        fence: Fence | None = None,
    ) -> None:
        self._http = Http(base_url, verify=verify, timeout=timeout, pause=pause, fence=fence)
        self.session = Session(self._http, client_id, client_secret, clock, memory=memory, now=now)
        self.display = PbxClock(zone)
        """How the PBX shows times, as of the last `information`."""
        self.clock_skew: float | None = None
        """Seconds the PBX's clock is ahead of ours, as of the last `information`."""
        self._now = now
        self._extension_ids: dict[str, int] = {}
        self._epoch_bounds = False

    @property
    def locked(self) -> bool:
        """Whether we have stopped logging in, before the PBX blocks our address."""
        return self.session.locked

    async def close(self) -> None:
        """Give the token back and close the connections."""
        await self.session.close()
        await self._http.close()

    async def information(self) -> Information:
        """What PBX this is and how it shows time; measures `clock_skew`."""
        asked = self._now()
        found = await self._read("system/information", Information)
        if found.timestamp is not None:
            self.clock_skew = found.timestamp - (asked + self._now()) / 2
        self.display = PbxClock(
            self.display.zone,
            found.system_date_format or self.display.date_format,
            found.system_time_format or self.display.time_format,
        )
        return found

    async def extensions(self) -> list[ExtensionAnswer]:
        """All extensions as the list shows them: without most switches."""
        found = await self._list("extension/list", ExtensionAnswer)
        self._extension_ids = {extension.number: extension.id for extension in found}
        return found

    async def extension(self, number: str) -> ExtensionAnswer:
        """The extension of that number with its switches; `NotFound` if there is none."""
        known = self._extension_ids.get(number)
        if known is not None:
            try:
                found = await self._read("extension/get", ExtensionAnswer, id=known)
            except NotFound:
                found = None
            if found is not None and found.number == number:
                return found
        await self.extensions()
        if number not in self._extension_ids:
            raise NotFound(f"extension/get: there is no extension {number[:32]}")
        return await self._read("extension/get", ExtensionAnswer, id=self._extension_ids[number])

    async def update_extension(self, id: int, **fields: str | int) -> None:  # noqa: A002 - the PBX's own name
        """Change some fields; a firmware that does not know one ignores it silently, so read it back."""
        await self._post("extension/update", {"id": id, **fields})

    async def registration(self, id: int) -> Credentials:  # noqa: A002 - the PBX's own name
        """What the extension with this id registers with: a secret."""
        return await self._read("extension/getpassword", Credentials, id=id)

    async def outbound_routes(self) -> list[RouteAnswer]:
        """All outbound routes."""
        return await self._list("outbound_route/list", RouteAnswer)

    async def outbound_route(self, id: int) -> RouteAnswer:  # noqa: A002 - the PBX's own name
        """One outbound route, complete."""
        return await self._read("outbound_route/get", RouteAnswer, id=id)

    async def update_outbound_route(self, id: int, fields: Mapping[str, object]) -> None:  # noqa: A002 - the PBX's own name
        """Change some fields; a list given replaces the old one."""
        await self._post("outbound_route/update", {"id": id, **fields})

    async def extension_group(self, id: int) -> GroupAnswer:  # noqa: A002 - the PBX's own name
        """One group of extensions with its members."""
        return await self._read("extensiongroup/get", GroupAnswer, id=id)

    async def trunks(self) -> list[TrunkAnswer]:
        """All trunks as the list shows them."""
        return await self._list("trunk/list", TrunkAnswer)

    async def trunk(self, id: int) -> TrunkAnswer:  # noqa: A002 - the PBX's own name
        """One trunk."""
        return await self._read("trunk/get", TrunkAnswer, id=id)

    async def update_trunk(self, id: int, **fields: str | int) -> None:  # noqa: A002 - the PBX's own name
        """Change some fields, e.g. `enable=0`."""
        await self._post("trunk/update", {"id": id, **fields})

    async def calls(self, *, direction: Direction | None = None, extension: str | None = None) -> list[ActiveCall]:
        """The calls that are up, of one direction or one extension; the PBX wants one of the two."""
        params = {"type": direction, "extension": extension}
        try:
            return await self._read(
                "call/query", list[ActiveCall], **{name: value for name, value in params.items() if value}
            )
        except NotFound:
            return []

    async def call(self, call_id: str) -> ActiveCall | None:
        """A call that is up; None once it is over."""
        try:
            found = await self._read("call/query", list[ActiveCall], call_id=call_id)
        except NotFound:
            return None
        return next((call for call in found if call.call_id == call_id), None)

    async def hang_up(self, channel_id: str) -> None:
        """End the call of a channel; `NotFound` if it is over."""
        await self._post("call/hangup", {"channel_id": channel_id})

    async def dial(self, caller: str, callee: str) -> str | None:
        """Ring the extension `caller`, then connect it to `callee`; the call's id."""
        return made(await self._post("call/dial", {"caller": caller, "callee": callee}), "call/dial").call_id

    async def play_prompt(
        self, number: str, prompts: Sequence[str], *, dial_permission: str | None = None
    ) -> str | None:
        """Call `number` and play `prompts`; outside it needs an extension's permission. The call's id."""
        body: dict[str, object] = {"number": number, "prompts": list(prompts)}
        if dial_permission:
            body["dial_permission"] = dial_permission
        return made(await self._post("call/play_prompt", body), "call/play_prompt").call_id

    async def cdrs(self, start: datetime, end: datetime) -> AsyncIterator[list[Item]]:
        """Pages of CDR rows of calls that began between two aware times, oldest row first, as they came."""
        await self.information()
        for page in range(1, MAX_PAGES + 1):
            rows = await self._cdr_page(start, end, page)
            yield rows
            if len(rows) < PAGE:
                return

    async def block_numbers(self) -> list[BlockedNumberRule]:
        """All rules that stop numbers."""
        return await self._list("block_numbers/list", BlockedNumberRule)

    async def create_block_number(
        self,
        name: str,
        numbers: Sequence[str],
        limit_type: Literal["inbound", "outbound", "both"] = "outbound",
    ) -> int | None:
        """A new rule; its id. `Duplicate` if the name is taken, which may be our own earlier try."""
        body = {"name": name, "limit_type": limit_type, "number_list": "&".join(numbers)}
        return made(await self._post("block_numbers/create", body), "block_numbers/create").id

    async def delete_block_number(self, id: int) -> None:  # noqa: A002 - the PBX's own name
        """Remove a rule; `NotFound` if there is none."""
        await self._call("GET", "block_numbers/delete", params={"id": id})

    async def create_backup(self, file_name: str) -> int | None:
        """Start a backup of the PBX; its id."""
        return made(await self._post("backup/create", {"file_name": file_name}), "backup/create").id

    async def backups(self) -> list[BackupFile]:
        """The backups on the PBX."""
        return await self._list("backup/list", BackupFile)

    async def hindrance(self, path: str) -> AccessDenied | NotSupported | None:
        """What keeps us from reading `path`, None if nothing does; that there is nothing to read is no hindrance."""
        try:
            await self._call("GET", path, params=LEAST.get(path, {"page": 1, "page_size": 1}), again=True)
        except (AccessDenied, NotSupported) as error:
            return error
        except (NotFound, BadParameter):
            return None
        return None

    def subscribe(self, topics: Sequence[int]) -> AbstractAsyncContextManager[Subscription]:
        """The event stream of these ids, while the block runs."""
        return self._subscribed(topics)

    @asynccontextmanager
    async def _subscribed(self, topics: Sequence[int]) -> AsyncIterator[Subscription]:
        token = await self.session.token()
        opened = False
        try:
            async with subscribed(self._http, token, topics) as subscription:
                opened = True
                yield subscription
        except TokenExpired:
            if opened:
                raise
            await self.session.token(stale=token)
            raise

    async def _cdr_page(self, start: datetime, end: datetime, page: int) -> list[Item]:
        common: dict[str, Param] = {"page": page, "page_size": PAGE, "sort_by": "id", "order_by": "asc"}
        shown = {"start_time": self.display.write(start), "end_time": self.display.write(end)}
        epoch = {"start_time": int(start.timestamp()), "end_time": int(end.timestamp())}
        try:
            return await self._rows("cdr/search", common | (epoch if self._epoch_bounds else shown))
        except NotFound:
            return []
        except BadParameter:
            # Documentation and firmwares disagree on how bounds are written: the other way, then it stays.
            self._epoch_bounds = not self._epoch_bounds
            return await self._rows("cdr/search", common | (epoch if self._epoch_bounds else shown))

    async def _rows(self, path: str, params: Mapping[str, Param]) -> list[Item]:
        data = data_of(await self._call("GET", path, params=params, again=True), path).data
        return as_shape(data, list[Item], path)

    async def _list(self, path: str, shape: type[T]) -> list[T]:
        found: list[T] = []
        for page in range(1, MAX_PAGES + 1):
            params: dict[str, Param] = {"page": page, "page_size": PAGE, "sort_by": "id", "order_by": "asc"}
            try:
                rows = await self._read(path, list[shape], **params)  # type: ignore[valid-type]  # a type made at run time
            except NotFound:
                return found
            found.extend(rows)
            if len(rows) < PAGE:
                return found
        return found

    async def _read(self, path: str, shape: type[T], **params: Param) -> T:
        return read(await self._call("GET", path, params=params, again=True), shape, path)

    async def _post(self, path: str, body: Mapping[str, object]) -> bytes:
        return await self._call("POST", path, body=body)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Param] | None = None,
        body: Mapping[str, object] | None = None,
        again: bool = False,
    ) -> bytes:
        """One request; a token that the PBX does not take is replaced, once."""
        token = await self.session.token()
        try:
            return await self._http.call(method, path, token=token, params=params, body=body, again=again)
        except TokenExpired:
            token = await self.session.token(stale=token)
        return await self._http.call(method, path, token=token, params=params, body=body, again=again)
