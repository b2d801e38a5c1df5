"""What we read from the PBX's answers, as types; unknown fields are ignored, a blank string is None."""

from typing import TypeVar

import msgspec
from msgspec import Struct

from detector.contract.codec import mended
from streams.pbxs.pbx_errors import Unreachable

RAW = frozenset({"dial_pattern_list", "trunk_list", "ext_list"})
"""Lists that are written back as a whole: kept exactly as read."""

T = TypeVar("T")
Item = dict[str, object]


class Information(Struct, frozen=True, kw_only=True):
    """`system/information`; `timestamp` in seconds since 1970, `up_time` in seconds."""

    sn: str | None = None
    device_name: str | None = None
    model_name: str | None = None
    firmware_version: str | None = None
    system_time: str | None = None
    system_date_format: str | None = None
    system_time_format: str | None = None
    up_time: int | None = None
    timestamp: int | None = None


class OnlinePhone(Struct, frozen=True, kw_only=True):
    """One of several telephones of an extension."""

    ext_dev_type: str | None = None
    ip: str | None = None


class Online(Struct, frozen=True, kw_only=True):
    """Whether one kind of client is registered (1)."""

    status: int | None = None
    ext_dev_type: str | None = None
    status_list: list[OnlinePhone] = msgspec.field(default_factory=list)


class OnlineStatus(Struct, frozen=True, kw_only=True):
    """An extension's clients."""

    sip_phone: Online | None = None
    linkus_desktop: Online | None = None
    linkus_mobile: Online | None = None
    linkus_web: Online | None = None


class ExtensionAnswer(Struct, frozen=True, kw_only=True):
    """An extension without its passwords; switches are 0 or 1, None where the firmware shows none."""

    id: int
    number: str
    caller_id_name: str | None = None
    email_addr: str | None = None
    mobile_number: str | None = None
    role_id: int | None = None
    role_name: str | None = None
    online_status: OnlineStatus | None = None
    concurrent_registrations: int | None = None
    disable_outb_call: int | None = None
    disable_office_time_outb_call: int | None = None
    max_outb_call_duration: int | None = None
    allow_reg_remotely: int | None = None
    enb_user_agent_ident: int | None = None
    enb_ip_rstr: int | None = None
    enb_srtp: int | None = None
    transport: str | None = None
    enb_mobile_client: int | None = None
    enb_desktop_client: int | None = None
    enb_web_client: int | None = None


class RouteAnswer(Struct, frozen=True, kw_only=True):
    """An outbound route; `pin` is a secret and not shown. `pos` counts from 1 as the PBX tries them.

    Lists of routes may show no more of one than its patterns and trunks, as `dial_pattern` and `trunk`.
    """

    id: int
    name: str
    pos: int | None = None
    dial_pattern: list[str] = msgspec.field(default_factory=list)
    trunk: list[Item] = msgspec.field(default_factory=list)
    outbound_cid: str | None = None
    dial_pattern_list: list[Item] = msgspec.field(default_factory=list)
    trunk_list: list[Item] = msgspec.field(default_factory=list)
    ext_list: list[Item] = msgspec.field(default_factory=list)
    pin_protect: str | None = None
    pin: str | None = None
    pin_list: int | None = None

    def __repr__(self) -> str:
        """Without the PIN."""
        return f"OutboundRoute(id={self.id}, name={self.name!r}, pin_protect={self.pin_protect!r})"


class GroupAnswer(Struct, frozen=True, kw_only=True):
    """A group of extensions: `sel_all_ext` are all there are."""

    id: int
    name: str | None = None
    member_select: str | None = None
    members: list[Item] = msgspec.field(default_factory=list)


class TrunkAnswer(Struct, frozen=True, kw_only=True):
    """A SIP trunk without its password; `enable` and `enb_outbound_proxy` are 0 or 1."""

    id: int
    name: str
    type: str | None = None
    enable: int | None = None
    transport: str | None = None
    hostname: str | None = None
    port: int | None = None
    domain: str | None = None
    enb_outbound_proxy: int | None = None
    outbound_proxy_server: str | None = None
    def_outbound_cid: str | None = None
    username: str | None = None


class ExtensionMember(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The channel of one of our extensions in a call; `channel_id` is what a hang-up needs."""

    number: str | None = None
    channel_id: str | None = None
    member_status: str | None = None
    call_path: str | None = None


class TrunkMember(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The channel of a trunk in a call."""

    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    trunk_name: str | None = None
    channel_id: str | None = None
    member_status: str | None = None
    call_path: str | None = None


class CallMember(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the three."""

    extension: ExtensionMember | None = None
    inbound: TrunkMember | None = None
    outbound: TrunkMember | None = None


class ActiveCall(Struct, frozen=True, kw_only=True):
    """A call that is up."""

    call_id: str
    members: list[CallMember] = msgspec.field(default_factory=list)


class BlockedNumberRule(Struct, frozen=True, kw_only=True):
    """A rule that stops numbers; `number_list` joins them with `&`."""

    id: int
    name: str
    limit_type: str | None = None
    number_list: str | None = None

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers and patterns of the rule."""
        return tuple(number for number in (self.number_list or "").split("&") if number)


class BackupFile(Struct, frozen=True, kw_only=True):
    """A backup file on the PBX; `create_time` is as the PBX displays times."""

    id: int | None = None
    file_name: str | None = None
    create_time: str | None = None
    status: str | None = None


class Credentials(Struct, frozen=True, kw_only=True):
    """What an extension registers with; not shown."""

    reg_name: str | None = None
    reg_password: str | None = None

    def __repr__(self) -> str:
        """Without the password."""
        return "Credentials()"


class Data(Struct, frozen=True):
    """The part of an answer that holds what was asked for."""

    data: object = None
    total_number: int | None = None


class Made(Struct, frozen=True):
    """What creates (`id`) and call control (`call_id`) answer."""

    id: int | None = None
    call_id: str | None = None


def read(answer: bytes, shape: type[T], path: str) -> T:
    """The `data` of an answer as `shape`; `Unreachable` if it is anything else."""
    return as_shape(data_of(answer, path).data, shape, path)


def data_of(answer: bytes, path: str) -> Data:
    """The part of an answer that holds what was asked for, as JSON values."""
    return as_shape(_json(answer), Data, path)


def as_shape(value: object, shape: type[T], path: str) -> T:
    """A JSON value as `shape`, blank strings as None, numbers in strings as numbers."""
    try:
        return msgspec.convert(_unblanked(value), shape, strict=False)
    except (msgspec.ValidationError, RecursionError):
        reason = f"{path}: the answer is not a {shape.__name__ if isinstance(shape, type) else 'list'}"
    raise Unreachable(reason)


def made(answer: bytes, path: str) -> Made:
    """The id of what a request made."""
    return as_shape(_json(answer), Made, path)


def _json(answer: bytes) -> object:
    try:
        return mended(msgspec.json.decode, answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _unblanked(value: object) -> object:
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, list):
        return [_unblanked(item) for item in value]
    if isinstance(value, dict):
        cleaned = ((name, item if name in RAW else _unblanked(item)) for name, item in value.items())
        return {name: item for name, item in cleaned if item is not None}
    return value
