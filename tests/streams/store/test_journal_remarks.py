"""What people said stays with its incident, as they said it."""

from typing import Any

import pytest
from msgspec.structs import replace

from detector.contract.vocabulary import Status
from streams.store.journal.journal import Journal
from streams.store.rows import About, RemarkRow


def said(journal: Journal, incident: str = "inc-1") -> list[RemarkRow]:
    view = journal.incidents.find(incident)
    assert view is not None
    return view.remarks


def test_remarks_are_kept_oldest_first(journal: Journal, make: Any) -> None:
    journal.findings.record([make.incident(), make.decision()])
    journal.remarks.add("inc-1", by="anna", about="undone", text="  our branch ", now=7, action_id="act-dec-1")
    journal.remarks.add("inc-1", by="ben", about="closed", text="", now=6)
    journal.remarks.add("inc-2", by="ben", about="closed", text="another", now=6)
    first, second = said(journal)
    assert first == RemarkRow(
        id=first.id, incident="inc-1", action="act-dec-1", at=7, by="anna", about="undone", text="our branch"
    )
    assert (second.by, second.about, second.action, second.text) == ("ben", "closed", None, "")


@pytest.mark.parametrize("text", ["<b>\x00\ud800\\x00", "'; DROP TABLE remark;--", "Zoë\n\u202e"])
def test_hostile_text_comes_back_as_it_was(journal: Journal, make: Any, text: str) -> None:
    journal.findings.record([make.incident()])
    journal.remarks.add("inc-1", by=text, about="closed", text=text, now=1)
    assert [(one.by, one.text) for one in said(journal)] == [(text, text)]


def test_a_remark_is_bounded(journal: Journal, make: Any) -> None:
    journal.findings.record([make.incident()])
    journal.remarks.add("inc-1", by="n" * 65, about="closed", text="x" * 1_001, now=1)
    assert [(len(one.by), len(one.text)) for one in said(journal)] == [(64, 1_000)]


def test_a_remark_is_about_an_order(journal: Journal) -> None:
    about: Any = "praised"
    with pytest.raises(ValueError, match="praised"):
        journal.remarks.add("inc-1", by="anna", about=about, text="", now=1)


@pytest.mark.parametrize("status", ["active", "lifted"])
def test_when_incidents_merge_an_action_goes_along_with_what_was_said_about_it(
    journal: Journal, make: Any, status: str
) -> None:
    journal.findings.record([make.incident(), make.incident("inc-0"), make.decision()])
    journal.remarks.add("inc-1", by="anna", about="approved", text="", now=1, action_id="act-dec-1")
    journal.remarks.add("inc-1", by="anna", about="closed", text="of the younger", now=2)
    moved = replace(make.decision(), incident="inc-0", revision=1, status=status)
    journal.findings.record([make.incident(status=Status.MERGED, merged_into="inc-0", revision=1), moved])
    older, younger = journal.incidents.find("inc-0"), journal.incidents.find("inc-1")
    assert older is not None
    assert younger is not None
    assert [action.id for action in older.actions] == ["act-dec-1"]
    assert [(one.about, one.incident) for one in older.remarks] == [("approved", "inc-0")]
    assert [one.about for one in younger.remarks] == ["closed"]
    assert younger.actions == []


def test_the_last_remark_of_each_incident(journal: Journal) -> None:
    orders: list[tuple[str, About, str]] = [
        ("inc-1", "closed", "first"), ("inc-1", "closed", "second"), ("inc-1", "undone", "other"),
        ("inc-2", "closed", "third"), ("inc-3", "closed", "not asked for"),
    ]  # fmt: skip
    for incident, about, text in orders:
        journal.remarks.add(incident, by="anna", about=about, text=text, now=1)
    found = journal.remarks.about(["inc-1", "inc-2", "inc-9"], "closed")
    assert {incident: one.text for incident, one in found.items()} == {"inc-1": "second", "inc-2": "third"}


def test_closed_incidents_the_last_one_first(journal: Journal, make: Any) -> None:
    times = {"inc-1": 3, "inc-2": 1, "inc-3": 2}
    for id_, day in times.items():
        at = make.AT.replace(day=day)
        journal.findings.record([make.incident(id_, status=Status.CLOSED, at=at, pbx="hq" if day > 1 else "shop")])
    journal.findings.record([make.incident("inc-4"), make.incident("inc-5", status=Status.MERGED)])
    assert [one.id for one in journal.incidents.closed(9)] == ["inc-1", "inc-3", "inc-2"]
    assert [one.id for one in journal.incidents.closed(1, 1)] == ["inc-3"]
    assert [one.id for one in journal.incidents.closed(9, pbx="hq")] == ["inc-1", "inc-3"]
    assert journal.incidents.pbxs_with(Status.CLOSED) == ["hq", "shop"]
