"""What is configured on the PBX: extensions, trunks, routes, blocked numbers, PIN lists."""

from collections.abc import Callable, Iterator
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Flag = Literal[0, 1]
Name = Annotated[str, StringConstraints(min_length=1, max_length=63)]
Presence = Literal["available", "away", "business_trip", "do_not_disturb", "lunch", "off_work"]


class SimItem(BaseModel):
    """A configured object with the id that the API addresses it by."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int


class SimExtension(SimItem):
    """One extension; what follows `allowed_ips` is set in the portal only, its API names are not known."""

    number: str
    first_name: str = ""
    last_name: str = ""
    email_addr: str = ""
    mobile_number: str = ""
    title: str = ""
    caller_id: str = ""
    role_id: int = 5
    user_password: str = Field(min_length=10, max_length=63, repr=False)
    reg_name: str = Field(max_length=63)
    reg_password: str = Field(min_length=8, max_length=63, repr=False)
    concurrent_registrations: int = Field(default=1, ge=1, le=15)
    presence_status: Presence = "available"
    enb_vm: Flag = 1
    enb_vm_pin: Flag = 0
    disable_outb_call: Flag = 0
    disable_office_time_outb_call: Flag = 0
    max_outb_call_duration: int = Field(default=-1, ge=-1)
    allow_reg_remotely: Flag = 0
    enb_user_agent_ident: Flag = 0
    enb_ip_rstr: Flag = 0
    enb_srtp: Flag = 0
    enb_nat: Flag = 0
    enb_qualify: Flag = 1
    enb_t38_support: Flag = 0
    enb_mobile_client: Flag = 1
    enb_desktop_client: Flag = 1
    enb_web_client: Flag = 1
    transport: Literal["udp", "tcp", "tls"] = "udp"
    dtmf_mode: str = "rfc4733"

    allowed_ips: tuple[str, ...] = ()
    allowed_user_agents: tuple[str, ...] = ()
    forward_to: str = ""

    @property
    def name(self) -> str:
        """First and last name, as the caller id shows them."""
        return f"{self.first_name} {self.last_name}".strip()


EXTENSION_PORTAL_ONLY = frozenset({"allowed_ips", "allowed_user_agents", "forward_to"})
EXTENSION_SECRETS = frozenset({"user_password", "reg_password"})


class SimTrunk(SimItem):
    """One SIP trunk; `capacity` (concurrent calls) is set in the portal only."""

    name: Name
    type: Literal["register", "peer"] = "register"
    enable: Flag = 1
    transport: Literal["udp", "tcp", "tls", "dnsnaptr"] = "udp"
    hostname: str = ""
    port: int = Field(default=5060, ge=1, le=65535)
    domain: str = ""
    username: str = ""
    password: str = Field(default="", repr=False)
    auth_name: str = ""
    def_outbound_cid: str = ""
    def_outbound_cid_name: str = ""
    capacity: int = Field(default=30, ge=0)


TRUNK_HIDDEN = frozenset({"capacity", "password"})


class DialPattern(BaseModel):
    """Which dialled numbers a route takes, and how it changes them."""

    model_config = ConfigDict(frozen=True)

    pattern: str = Field(min_length=1, max_length=31)
    strip: int = Field(default=0, ge=0, le=16)
    prepend: str = Field(default="", max_length=31)


class RouteTrunk(BaseModel):
    """A trunk in a route's ordered list."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str = ""
    type: str = ""


class RouteMember(BaseModel):
    """Who may use a route, or is in a group."""

    model_config = ConfigDict(frozen=True)

    id: int
    ext_number: str = ""
    ext_name: str = ""
    type: Literal["extension", "ext_group", "organization"] = "extension"


class SimGroup(SimItem):
    """A group of extensions: all there are, or those it names."""

    name: Name
    member_select: Literal["sel_all_ext", "sel_specific"] = "sel_specific"
    members: tuple[RouteMember, ...] = ()


class SimRoute(SimItem):
    """One outbound route; lists are replaced as a whole. Its position is where it stands in the table."""

    name: Name
    outbound_cid: str = ""
    dial_pattern_list: tuple[DialPattern, ...] = ()
    trunk_list: tuple[RouteTrunk, ...] = ()
    ext_list: tuple[RouteMember, ...] = ()
    pin_protect: Literal["disable", "single_pin", "pin_list"] = "disable"
    pin: str = Field(default="", pattern=r"^[0-9]{0,63}$", repr=False)
    pin_list: int | None = None

    @model_validator(mode="after")
    def _pin_is_named(self) -> "SimRoute":
        if self.pin_protect == "single_pin" and not self.pin:
            raise ValueError("single_pin needs pin")
        if self.pin_protect == "pin_list" and self.pin_list is None:
            raise ValueError("pin_list needs the id of a list")
        return self


class SimBlockedNumbers(SimItem):
    """A rule that stops numbers; `number_list` joins numbers or patterns with `&`."""

    name: Name
    limit_type: Literal["inbound", "outbound", "both"] = "both"
    number_list: str = Field(min_length=1, max_length=4095)

    @property
    def numbers(self) -> list[str]:
        """The numbers and patterns of the rule."""
        return [number.strip() for number in self.number_list.split("&") if number.strip()]


class PinList(SimItem):
    """A named list of PINs."""

    name: Name
    pins: tuple[str, ...] = Field(default=(), repr=False)


T = TypeVar("T", bound=SimItem)


class Table(Generic[T]):
    """Configured objects of one kind, by id and in order of creation, unless one is moved."""

    def __init__(self) -> None:
        self._items: dict[int, T] = {}
        self._last_id = 0

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def get(self, item_id: int) -> T | None:
        """The object with this id, if there is one."""
        return self._items.get(item_id)

    def add(self, make: Callable[[int], T]) -> T:
        """Store what `make` builds for the next free id."""
        item = make(self._last_id + 1)
        self._last_id += 1
        self._items[item.id] = item
        return item

    def put(self, item: T) -> None:
        """Replace the object with the same id."""
        self._items[item.id] = item

    def move(self, item_id: int, position: int) -> None:
        """Put the object at a position, counted from 1; `ValueError` if it is not there."""
        order = list(self._items)
        order.remove(item_id)
        order.insert(position - 1, item_id)
        self._items = {each: self._items[each] for each in order}

    def remove(self, item_id: int) -> None:
        """Delete the object with this id; `KeyError` if there is none."""
        del self._items[item_id]


class PbxSettings:
    """All configured objects of one PBX."""

    def __init__(self) -> None:
        self.extensions: Table[SimExtension] = Table()
        self.trunks: Table[SimTrunk] = Table()
        self.groups: Table[SimGroup] = Table()
        self.routes: Table[SimRoute] = Table()
        """In the order in which they are tried."""
        self.blocked_numbers: Table[SimBlockedNumbers] = Table()
        self.pin_lists: Table[PinList] = Table()
        self.watched_extensions: set[int] = set()
        """Ids ticked in the extension status monitor."""
        self.watched_trunks: set[int] = set()

    def extension(self, number: str) -> SimExtension | None:
        """The extension with this number."""
        return next((e for e in self.extensions if e.number == number), None)

    def account(self, reg_name: str) -> SimExtension | None:
        """The extension whose SIP account has this name."""
        return next((e for e in self.extensions if e.reg_name == reg_name), None)

    def watches_extension(self, number: str) -> bool:
        """Whether status events of this extension are pushed."""
        extension = self.extension(number)
        return extension is not None and extension.id in self.watched_extensions

    def watches_trunk(self, name: str) -> bool:
        """Whether call events on this trunk are pushed."""
        return any(t.name == name and t.id in self.watched_trunks for t in self.trunks)

    def permits(self, route: SimRoute, extension: SimExtension) -> bool:
        """Whether an extension may use a route: by itself, or as one of a group."""
        return any(
            member.id == extension.id if member.type == "extension" else self._has(member, extension)
            for member in route.ext_list
        )

    def _has(self, member: RouteMember, extension: SimExtension) -> bool:
        group = self.groups.get(member.id) if member.type == "ext_group" else None
        if group is None:
            return False
        return group.member_select == "sel_all_ext" or any(each.id == extension.id for each in group.members)

    def pins(self, route: SimRoute) -> frozenset[str]:
        """The PINs that open a PIN-protected route."""
        if route.pin_protect == "single_pin":
            return frozenset({route.pin})
        pin_list = self.pin_lists.get(route.pin_list) if route.pin_list is not None else None
        return frozenset(pin_list.pins) if pin_list else frozenset()
