"""The journal: one database that workers, executors, notifiers and the console share."""

from sqlalchemy import Engine

from streams.store.journal.journal_accounts import AccountsJournal
from streams.store.journal.journal_actions import ActionsJournal
from streams.store.journal.journal_brakes import BrakesJournal
from streams.store.journal.journal_fetches import FetchesJournal
from streams.store.journal.journal_findings import FindingsJournal
from streams.store.journal.journal_fleet import FleetJournal
from streams.store.journal.journal_guard import GuardJournal
from streams.store.journal.journal_incidents import IncidentsJournal
from streams.store.journal.journal_leases import LeasesJournal
from streams.store.journal.journal_notifications import NotificationsJournal
from streams.store.journal.journal_remarks import RemarksJournal
from streams.store.journal.journal_retention import RetentionJournal
from streams.store.journal.journal_slips import SlipsJournal
from streams.store.journal.journal_tally import TalliesJournal
from streams.store.journal.journal_verdicts import VerdictsJournal


class Journal:
    """What was found, done, said and allowed, who may look, what the fleet saw and firewalls fetched: a part each.

    `engine` is that of a migrated database. Every method of a part is one transaction; all raise `UnavailableError`
    when the database cannot be used now. Times are microseconds.
    """

    def __init__(self, engine: Engine) -> None:
        self.findings = FindingsJournal(engine)
        self.incidents = IncidentsJournal(engine)
        self.actions = ActionsJournal(engine)
        self.brakes = BrakesJournal(engine)
        self.slips = SlipsJournal(engine)
        self.verdicts = VerdictsJournal(engine)
        self.remarks = RemarksJournal(engine)
        self.notifications = NotificationsJournal(engine)
        self.accounts = AccountsJournal(engine)
        self.leases = LeasesJournal(engine)
        self.fleet = FleetJournal(engine)
        self.fetches = FetchesJournal(engine)
        self.tallies = TalliesJournal(engine)
        self.retention = RetentionJournal(engine)
        self.guard = GuardJournal(engine)
