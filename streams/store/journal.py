"""The journal: one database that workers, executors, notifiers and the console share."""

from streams.store.accounts import Accounts
from streams.store.journal_actions import Actions
from streams.store.journal_findings import Findings
from streams.store.journal_fleet import Fleet
from streams.store.journal_notifications import Notifications
from streams.store.journal_remarks import Remarks
from streams.store.journal_retention import Retention
from streams.store.journal_sessions import Sessions
from streams.store.journal_tally import Tallies
from streams.store.journal_views import Views


class Journal(Findings, Actions, Notifications, Remarks, Views, Accounts, Retention, Sessions, Fleet, Tallies):
    """Incidents, decisions, actions, remarks, messages, users and what the fleet saw; every method is one transaction.

    All methods raise `UnavailableError` when the database cannot be used now. Times are microseconds.
    """
