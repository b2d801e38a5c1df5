"""What closed incidents were, as people say, and how often each rule was right by that."""

from collections.abc import Collection
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import case, delete, func, insert, select

from streams.store.database import insert_into, reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.tables_journal import VerdictRuleTable, VerdictTable

NAME = 64


class CaseVerdict(StrEnum):
    """What an incident was; of what is `unsure` nothing follows."""

    ATTACK = "attack"
    FALSE = "false"
    TEST = "test"
    UNSURE = "unsure"


RIGHT = (CaseVerdict.ATTACK, CaseVerdict.TEST)
"""The rule saw what it is there to see."""


class Record(Struct, frozen=True):
    """How often a rule was right and wrong on one PBX."""

    rule: str
    pbx: str
    right: int
    wrong: int


class VerdictsJournal(JournalPart):
    """One verdict an incident, with the rules that had fired in it."""

    def put(
        self, incident_id: str, pbx: str, judged: CaseVerdict, rules: Collection[str], *, by: str, now: int
    ) -> None:
        """Keep what an incident was; a later verdict takes the place of an earlier one."""
        given = {"pbx": pbx, "verdict": judged, "by": by[:NAME], "at": now}
        new = insert_into(self._engine, VerdictTable).values(incident_id=incident_id, **given)
        with writing(self._engine) as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["incident_id"], set_=given))
            connection.execute(delete(VerdictRuleTable).where(VerdictRuleTable.incident_id == incident_id))
            if rules:
                named = [{"incident_id": incident_id, "rule": rule} for rule in sorted(set(rules))]
                connection.execute(insert(VerdictRuleTable), named)

    def records(self) -> list[Record]:
        """How often each rule was right on each PBX, by rule and PBX."""
        link, table = VerdictRuleTable, VerdictTable
        right = func.sum(case((table.verdict.in_(RIGHT), 1), else_=0))
        wrong = func.sum(case((table.verdict == CaseVerdict.FALSE, 1), else_=0))
        query = select(link.rule, table.pbx, right, wrong).join(table, table.incident_id == link.incident_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(link.rule, table.pbx).order_by(link.rule, table.pbx)).all()
        return [Record(row[0], row[1], int(row[2]), int(row[3])) for row in rows]
