"""The console: what is attacked, what was done about it, and the buttons that need a person."""

from streams.console.app import create_app
from streams.console.logins import first_user
from streams.console.ports import Commands, ProcessStatus

__all__ = ["Commands", "ProcessStatus", "create_app", "first_user"]
