"""The journal: one database that workers, executors, notifiers and the console share."""

from streams.store.journal.accounts import AccountsJournal
from streams.store.journal.journal_actions import ActionsJournal
from streams.store.journal.journal_findings import FindingsJournal
from streams.store.journal.journal_fleet import FleetJournal
from streams.store.journal.journal_notifications import NotificationsJournal
from streams.store.journal.journal_remarks import RemarksJournal
from streams.store.journal.journal_retention import RetentionJournal
from streams.store.journal.journal_sessions import SessionsJournal
from streams.store.journal.journal_tally import TalliesJournal
from streams.store.journal.journal_views import ViewsJournal


class Journal(
    FindingsJournal,
    ActionsJournal,
    NotificationsJournal,
    RemarksJournal,
    ViewsJournal,
    AccountsJournal,
    RetentionJournal,
    SessionsJournal,
    FleetJournal,
    TalliesJournal,
):
    """Incidents, decisions, actions, remarks, messages, users and what the fleet saw; every method is one transaction.

    All methods raise `UnavailableError` when the database cannot be used now. Times are microseconds.
    """
