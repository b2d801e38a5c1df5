"""An archive: takes batches of events, gives them back in order."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime

from detector.contract.codec import Codec
from detector.contract.events import AnyEvent, Unknown
from streams.archive.archive_errors import BusyError
from streams.archive.archive_files import Files
from streams.archive.layout import Folder, day_of, finished, folders, happened, key_of, parts, rewritten, written_part
from streams.archive.parquet_rows import Row, decoded, distinct, encoded

PATIENCE = 5


class Archive:
    """Raw events at `url`, a folder or a URL that fsspec knows. Raises `ArchiveError` when it cannot be reached."""

    def __init__(self, url: str) -> None:
        self.files = Files(url)
        self._codec = Codec(trusted=True)

    def write(self, log: str, events: Sequence[tuple[int, AnyEvent | Unknown]]) -> int:
        """Keep events with their offsets in the log called `log`; returns how many files were made.

        The same offsets make the same files: a batch that a crash has cut short is simply written again. Whoever
        writes remembers, after this, how far it has come.
        """
        sorted_out: defaultdict[Folder, list[Row]] = defaultdict(list)
        for offset, event in events:
            row = Row(event, self._codec.encode(event), log, offset)
            sorted_out[Folder(key_of(event.pbx), day_of(happened(event)))].append(row)
        for folder, rows in sorted_out.items():
            content = encoded(rows)
            name = written_part(log, rows[0].offset, rows[-1].offset, content)
            self.files.write(f"{folder.path}/{name}", content)
        return len(sorted_out)

    def rows(self, folder: Folder) -> list[Row]:
        """What is known of a day, in order, nothing twice. Raises `DamagedError`."""
        return distinct(row for path, content in self.contents(folder).items() for row in decoded(content, path))

    def contents(self, folder: Folder) -> dict[str, bytes]:
        """The files of a day, by path; looked for again where they are put together with others meanwhile.

        A list that was made while files came and went may lack both the old and the new: so a second one must tell of
        no new whole day.
        """
        for _ in range(PATIENCE):
            listed = parts(self.files, folder)
            with suppress(FileNotFoundError):
                found = {path: self.files.read(path) for path in listed}
                if rewritten(parts(self.files, folder)) <= rewritten(listed):
                    return found
        raise BusyError(f"archive {self.files.url}: {folder.path} is being rewritten again and again")

    def sizes(self, folder: Folder) -> list[int]:
        """The bytes of each file of a day."""
        return [size for name, size in self.files.sizes(folder.path).items() if finished(name)]

    def days(
        self, pbx: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[Folder]:
        """The days of a PBX, or of all, that can have something of `since` until before `until`."""
        first = date.min if since is None else day_of(since)
        last = date.max if until is None else day_of(until)
        return list(folders(self.files, pbx, first, last))
