"""Calls with where they went and what they cost, and what a configuration finds in events."""

from collections.abc import Iterable
from typing import Any

import pandas as pd  # type: ignore[import-untyped]  # it ships no types
from msgspec import Struct

from detector.contract.codec import to_micros
from detector.contract.events import AnyEvent, Call, Control, Unknown
from detector.contract.findings import Detection, Incident
from detector.detect.catalogue import catalogue
from detector.engine.engine import Engine
from detector.enrich.dialling.countries import name
from detector.enrich.premises import Premises
from detector.enrich.tariff import minor_units
from detector.settings import Policies
from models.places import Places
from models.unusual import Unusual
from streams.config.installation import Installation, core_settings
from streams.runtime.tables import tables

OUTWARD = ("outbound", "transit")
CALLS = ("pbx", "started", "at", "call_id", "extension", "dialled", "number", "block", "country", "kind", "minutes",
         "cost", "currency", "source_ip", "open")  # fmt: skip
DETECTIONS = ("id", "pbx", "at", "rule", "severity", "subject_kind", "subject", "summary", "control", "mode")
INCIDENTS = ("id", "pbx", "opened_at", "at", "kind", "stage", "severity", "status", "title", "spent", "per_minute",
             "currency", "detections")  # fmt: skip


class Findings(Struct, frozen=True):
    """What was found: `detections` as they came, `incidents` in their last revision. Money in whole units."""

    detections: pd.DataFrame
    incidents: pd.DataFrame

    @property
    def alarms(self) -> pd.DataFrame:
        """The incidents somebody is woken for; those merged into others count with them."""
        return self.incidents[(self.incidents["severity"] != "info") & (self.incidents["status"] != "merged")].copy()


def calls(events: Iterable[AnyEvent | Unknown], settings: Installation) -> pd.DataFrame:
    """One row a leg that left the house and ended: its number read and priced as the PBX's settings say."""
    known, policies, sites = tables(settings), Policies(core_settings(settings), catalogue()), dict[str, Premises]()
    rows = []
    for event in events:
        if isinstance(event, Call) and event.phase == "ended" and event.direction in OUTWARD and event.to:
            if event.pbx not in sites:
                sites[event.pbx] = Premises(policies.of(event.pbx), known)
            rows.append(call(event, event.to, sites[event.pbx]))
    return framed(rows, CALLS, ("started", "at"))


def call(event: Call, to: str, site: Premises) -> tuple[Any, ...]:
    """One row of `calls`."""
    number, talk = site.plan.read(to, outside=bool(event.trunk)), event.talk or 0.0
    cost = site.tariff.cost(site.tariff.price(number), round(talk))
    started = event.started_at or event.at
    return (
        event.pbx, started, event.at, event.call_id, event.extension, to, number.e164, number.block,
        number.country or number.network, str(number.klass), talk / 60, cost / minor_units(site.profile.currency),
        site.profile.currency, event.source_ip,
        site.is_open(event.extension or "", to_micros(started)),
    )  # fmt: skip


def calls_of(incident: "pd.Series[Any]", found: Findings, made: pd.DataFrame) -> pd.DataFrame:
    """The rows of `made` (calls or scores) that the extensions of an incident made from its begin to its last news.

    `incident` is a row of `Findings.incidents`.
    """
    noticed = found.detections[found.detections["id"].isin(incident["detections"])]
    accused = noticed.loc[noticed["subject_kind"] == "extension", "subject"]
    during = made["at"].between(incident["opened_at"], incident["at"])
    return made[(made["pbx"] == incident["pbx"]) & made["extension"].isin(accused) & during]


def destinations(made: pd.DataFrame) -> pd.DataFrame:
    """One row a country (or network without one): its name, calls, minutes and cost, the dearest first."""
    by_country = made.assign(country=made["country"].fillna("")).groupby("country")
    found = by_country.agg(calls=("cost", "size"), minutes=("minutes", "sum"), cost=("cost", "sum"))
    found.insert(0, "name", [name(code) for code in found.index])
    return found.sort_values("cost", ascending=False)


def local(frame: pd.DataFrame, settings: Installation, column: str = "at") -> "pd.Series[Any]":
    """The moments of a column as the clock on the wall of each row's PBX shows them."""
    policies, moments = Policies(core_settings(settings), catalogue()), frame[column].dt.tz_localize(None)
    for pbx in frame["pbx"].unique():
        zone, its = policies.of(pbx).timezone, frame["pbx"] == pbx
        moments[its] = frame.loc[its, column].dt.tz_convert(zone).dt.tz_localize(None)
    return moments


def findings(events: Iterable[AnyEvent | Unknown], settings: Installation, *, models: bool = True) -> Findings:
    """What these settings find in events, also without models; nothing outside is touched."""
    engine = Engine(core_settings(settings), tables(settings), Places(), Unusual() if models else None)
    found = [one for event in events if not isinstance(event, Control) for one in engine.process(event)]
    incidents = {one.id: one for one in found if isinstance(one, Incident)}
    return Findings(
        framed([detection(one) for one in found if isinstance(one, Detection)], DETECTIONS, ("at",)),
        framed([incident(one) for one in incidents.values()], INCIDENTS, ("opened_at", "at")),
    )


def detection(one: Detection) -> tuple[Any, ...]:
    """One row of `Findings.detections`."""
    return (
        one.id, one.pbx, one.at, one.rule, str(one.severity), str(one.subject.kind), one.subject.id, one.summary,
        one.control, str(one.mode),
    )  # fmt: skip


def incident(one: Incident) -> tuple[Any, ...]:
    """One row of `Findings.incidents`."""
    loss, units = one.loss, minor_units(one.loss.currency)
    return (
        one.id, one.pbx, one.opened_at, one.at, one.kind, str(one.stage), str(one.severity), str(one.status), one.title,
        loss.spent / units, loss.per_minute / units, loss.currency, list(one.detections),
    )  # fmt: skip


def framed(rows: list[tuple[Any, ...]], columns: tuple[str, ...], moments: tuple[str, ...]) -> pd.DataFrame:
    """A frame whose moments are UTC, also where it has no rows."""
    frame = pd.DataFrame(rows, columns=list(columns))
    for column in moments:
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame
