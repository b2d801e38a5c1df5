"""The console: what is attacked, what was done about it, and the buttons that need a person."""

from streams.console.app import create_app
from streams.console.logins import first_user
from streams.console.ports import Commands, ProcessStatus, ShownSource

__all__ = ["Commands", "ProcessStatus", "ShownSource", "create_app", "first_user"]
