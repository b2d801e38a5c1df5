"""Who may use the console: users, their sessions, and failed logins."""

from sqlalchemy import case, delete, func, insert, select, update

from streams.store.database import insert_into, reading, writing
from streams.store.journal.journal_part import JournalPart
from streams.store.rows import SessionRow
from streams.store.tables_journal import AccountTable, ConsoleSessionTable, LoginFailureTable

FAILURES_KEPT = 10_000
SECOND = 1_000_000


class AccountsJournal(JournalPart):
    """Keeps hashes only: of passwords (argon2) and of session tokens, both made by the console."""

    def create_user(self, name: str, password_hash: str, *, now: int) -> bool:
        """Add a user; False if the name is taken."""
        new = insert_into(self._engine, AccountTable).on_conflict_do_nothing()
        with writing(self._engine) as connection:
            added = new.values(name=name, password_hash=password_hash, created_at=now)
            return connection.execute(added.returning(AccountTable.name)).one_or_none() is not None

    def set_password(self, name: str, password_hash: str) -> bool:
        """Change a user's password and end all sessions; False if there is no such user."""
        changed = update(AccountTable).where(AccountTable.name == name)
        with writing(self._engine) as connection:
            connection.execute(delete(ConsoleSessionTable).where(ConsoleSessionTable.account == name))
            return connection.execute(changed.values(password_hash=password_hash)).rowcount == 1

    def password_hash(self, name: str) -> str | None:
        """A user's hash, None if there is no such user."""
        query = select(AccountTable.password_hash).where(AccountTable.name == name)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def create_session(
        self, token_hash: str, account: str, csrf: str, *, now: int, expires: int, address: str = ""
    ) -> None:
        """Keep a login and where it came from; those that have expired go."""
        table = ConsoleSessionTable
        with writing(self._engine) as connection:
            connection.execute(delete(table).where(table.expires <= now))
            connection.execute(
                insert(table).values(
                    token_hash=token_hash, account=account, csrf=csrf, created_at=now, expires=expires, address=address
                )
            )

    def session(self, token_hash: str, *, now: int) -> SessionRow | None:
        """The login of this token, None if it is unknown or has expired."""
        table = ConsoleSessionTable
        query = select(table.account, table.csrf, table.created_at, table.expires).where(
            table.token_hash == token_hash, table.expires > now
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return row and SessionRow(*row)

    def addresses(self, *, now: int) -> list[str]:
        """Where those who are logged in have logged in from."""
        table = ConsoleSessionTable
        query = select(table.address).where(table.expires > now, table.address != "").distinct()
        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def extend_session(self, token_hash: str, *, expires: int) -> None:
        """Keep a login that is in use."""
        table = ConsoleSessionTable
        with writing(self._engine) as connection:
            connection.execute(update(table).where(table.token_hash == token_hash).values(expires=expires))

    def end_session(self, token_hash: str) -> None:
        """Log out."""
        with writing(self._engine) as connection:
            connection.execute(delete(ConsoleSessionTable).where(ConsoleSessionTable.token_hash == token_hash))

    def login_failed(self, key: str, *, now: int, window: float) -> int:
        """Count a failed login of `key` (an account or an address).

        Returns how many there are now; after `window` seconds without one it starts over. At most 10,000
        keys are kept: the fewest failures go first, so that a flood of new keys cannot wash out the count of
        one under attack.
        """
        table = LoginFailureTable
        fresh = table.last_at > now - int(window * SECOND)
        counted = insert_into(self._engine, table).values(key=key, failures=1, last_at=now)
        counted = counted.on_conflict_do_update(
            index_elements=["key"],
            set_={"failures": case((fresh, table.failures + 1), else_=1), "last_at": now},
        )
        with writing(self._engine) as connection:
            failures = connection.execute(counted.returning(table.failures)).scalar_one()
            over = connection.execute(select(func.count()).select_from(table)).scalar_one() - FAILURES_KEPT
            if over > 0:
                least = select(table.key).where(table.key != key).order_by(table.failures, table.last_at)
                connection.execute(delete(table).where(table.key.in_(least.limit(over))))
        return int(failures)

    def login_failures(self, key: str, *, now: int, window: float) -> int:
        """How many failures of `key` count now."""
        table = LoginFailureTable
        query = select(table.failures).where(table.key == key, table.last_at > now - int(window * SECOND))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none() or 0

    def names(self) -> list[str]:
        """The users there are."""
        with reading(self._engine) as connection:
            return sorted(connection.execute(select(AccountTable.name)).scalars())

    def login_forgiven(self, key: str) -> None:
        """One failure of `key` was none; the others still count."""
        table = LoginFailureTable
        forgiven = update(table).where(table.key == key, table.failures > 0)
        with writing(self._engine) as connection:
            connection.execute(forgiven.values(failures=table.failures - 1))

    def login_succeeded(self, key: str) -> None:
        """Forget the failures of `key`."""
        with writing(self._engine) as connection:
            connection.execute(delete(LoginFailureTable).where(LoginFailureTable.key == key))
