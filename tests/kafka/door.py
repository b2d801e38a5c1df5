"""A database that can be taken away and given back."""

import asyncio
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url


class Door:
    """A socket in a folder of its own that leads to PostgreSQL as long as it is open; `url` goes through it."""

    def __init__(self, database: str, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._server = f"{make_url(database).query['host']}/.s.PGSQL.5432"
        self.url = make_url(database).update_query_dict({"host": str(folder)}).render_as_string(False)
        self._listening: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> None:
        self._listening = await asyncio.start_unix_server(self._lead, self.folder / ".s.PGSQL.5432")

    async def __aexit__(self, *_: object) -> None:
        assert self._listening is not None
        self._listening.close()
        (self.folder / ".s.PGSQL.5432").unlink(missing_ok=True)
        for writer in list(self._open):
            writer.transport.abort()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._server)
        self._open |= {writer, back}
        await asyncio.gather(pump(reader, back), pump(there, writer))
        self._open -= {writer, back}


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()
