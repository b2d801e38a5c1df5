"""What one PBX's settings say of the place it stands in: its numbers, prices, hours and addresses, made ready."""

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial

from msgspec import Struct

from detector.enrich.addresses import AddressTable
from detector.enrich.blocklists import BlockLists, FindLists
from detector.enrich.calendar import Calendar
from detector.enrich.dialling import numbering
from detector.enrich.dialling.emergency import Emergency
from detector.enrich.dialling.numbers import Klass, NumberPlan
from detector.enrich.tariff import Tariff
from detector.settings import ExtensionProfile, PbxProfile

Rows = tuple[tuple[str, str, int | str], ...]
LISTS = "block_lists"
share_plan = lru_cache(maxsize=256)(NumberPlan)
"""PBXs with equal settings share one plan, and its readings."""


def keep_none(digest: str) -> BlockLists | None:
    """Where only one state of the lists is known."""
    return None


class Tables(Struct, frozen=True):
    """Immutable tables the core reads, named in the log by `digests`.

    `tariffs` maps the path of an operator's tariff file to its rows (prefix, price a minute, increment). `find_lists`
    has the block lists that were in force when the log names others.
    """

    addresses: AddressTable
    block_lists: BlockLists = BlockLists()
    tariffs: Mapping[str, Rows] = {}
    find_lists: FindLists = keep_none

    @property
    def digests(self) -> dict[str, str]:
        """Name to digest."""
        found = {"addresses": self.addresses.digest, "numbers": numbering.DIGEST}
        return found | {LISTS: self.block_lists.digest} if self.block_lists else found


class Premises:
    """Where one PBX stands, as its profile describes it. Built once for each setting of the configuration."""

    def __init__(self, profile: PbxProfile, tables: Tables) -> None:
        self.profile = profile
        self.addresses = tables.addresses
        self.plan = compile_plan(profile)
        self.tariff = compile_tariff(profile, tables)
        self.trunk_addresses = tuple(host for trunk in profile.trunks.values() for host in trunk.hosts)
        self._calendars: dict[tuple[object, ...], Calendar] = {}
        self._calendar_of: dict[int, Calendar] = {}

    def is_open(self, extension: str, at: int) -> bool:
        """Whether `at` (microseconds) lies within the business hours of an extension."""
        return self._calendar(extension).is_open(at)

    def season(self, extension: str, at: int) -> int:
        """The hour of the week of an extension, 0 to 167; a holiday is a Sunday."""
        return self._calendar(extension).season(at)

    def _calendar(self, extension: str) -> Calendar:
        own = self.profile.extension(extension or None)
        calendar = self._calendar_of.get(id(own))
        if calendar is None:
            calendar = self._calendar_of[id(own)] = self._make_calendar(own)
        return calendar

    def _make_calendar(self, own: ExtensionProfile) -> Calendar:
        """The calendar of an extension in its PBX's time zone; equal ones are the same object."""
        key = (own.business_hours, own.holidays)
        if key not in self._calendars:
            self._calendars[key] = Calendar(
                timezone=self.profile.timezone, business_hours=own.business_hours, holidays=own.holidays
            )
        return self._calendars[key]


def compile_plan(profile: PbxProfile) -> NumberPlan:
    """The plan of a PBX: its own only if it has extensions that look like numbers outside."""
    shared = partial(
        share_plan, region=profile.region, international_prefix=profile.international_prefix,
        access_digit=profile.access_digit, emergency_numbers=profile.emergency_numbers,
    )  # fmt: skip
    usual = shared()
    odd = tuple(sorted(one for one in profile.extensions if usual.read(one).klass is not Klass.INTERNAL))
    return shared(extensions=odd) if odd else usual


def emergency_of(profile: PbxProfile) -> Emergency:
    """What a PBX's emergency calls are known by: the same for who reads its numbers and who cuts its calls."""
    return compile_plan(profile).emergency


def compile_tariff(profile: PbxProfile, tables: Tables) -> Tariff:
    """The operator's prices: the file, and over it what the settings name."""
    rows: Iterable[tuple[str, str, int | str]] = tables.tariffs.get(str(profile.tariffs.file), ())
    named = ((prefix, str(price), 60) for prefix, price in profile.tariffs.prices.items())
    return Tariff.from_rows([*rows, *named], currency=profile.currency)
