"""One path of a log that is followed, whatever becomes of the files that stand there: renamed, emptied, packed."""

from collections.abc import Iterator, Sequence
from os import stat_result
from pathlib import Path

from streams.sources.file_place import FilePlace
from streams.sources.log_file import DAMAGED, Clock, LogFile, LogLine, open_log
from streams.sources.rotated import beside

LINGERS_SECONDS = 10.0
"""So long a file is read on that was renamed: who writes is told later, and ends the line he is at."""
SOUGHT_SECONDS = 5.0
"""So long the copy of a file that was emptied is looked for."""
LOST = "{path} was emptied or replaced, and what it held is not found: what was written to it last may be lost"
DAMAGE = "{path} was packed and is damaged: what follows in it is lost"


class Tail:
    """Gives the lines of a path in their order. `problem` is why it cannot be read now; `losses` what is to be told."""

    def __init__(self, path: str, longest: int, clock: Clock | None) -> None:
        self.path = path
        self.files: list[LogFile] = []
        self.problem: str | None = None
        self.losses: list[str] = []
        self._longest = longest
        self._clock = clock
        self._sought: float | None = None

    @property
    def places(self) -> tuple[FilePlace, ...]:
        """How far its files have been taken in, oldest first."""
        return tuple(file.taken for file in self.files)

    def begin(self, *, at_end: bool) -> None:
        """Follow it from its end or its beginning; what is not there yet will be followed from its beginning."""
        if self._found() is not None and self._open(self.path) and at_end:
            self.files[-1].go_to_end()

    def resume(self, places: Sequence[FilePlace], now: float) -> None:
        """Go on where these files were left, wherever they are by now."""
        for place in places:
            if not self._find(place, now):
                self.losses.append(LOST.format(path=self.path))
        self.look(now)

    def context(self) -> Iterator[LogLine]:
        """What its reader must be shown once more."""
        for file in self.files:
            yield from file.context()

    def look(self, now: float) -> None:
        """See what has become of the path, and what of its files can be let go of."""
        self._mend(now)
        there = self._found()
        current = self.files[-1] if self.files and self.files[-1].retired is None else None
        if there is not None and (current is None or not same(current.taken, there)):
            if current is not None:
                current.retired = now
            if self.files:
                self._have_younger(self.files[-1].changed_at(), len(self.files), now)
            self._open(self.path)
        elif current is not None and not current.taken.offset and current.taken.since != current.changed_at():
            since = current.taken.since  # it may have been written to, copied and emptied since
            current.untouched()
            self._have_younger(since + 1, len(self.files) - 1, now)
        self._let_go(now)

    def lines(self, now: float) -> Iterator[LogLine]:
        """What is new."""
        for file in list(self.files):
            if file.cut:
                return
            if file.rested:
                continue
            try:
                yield from file.lines()
            except DAMAGED:
                self.losses.append(DAMAGE.format(path=self.path))
                file.rested = True
            if file.cut:
                return
            if file.retired is not None and (now - file.retired > LINGERS_SECONDS or file.packed):
                yield from file.rest()

    def back(self) -> None:
        """What was given since and not taken is given once more."""
        for file in self.files:
            file.go_to(file.taken)

    def close(self) -> None:
        """Follow it no more."""
        for file in self.files:
            file.close()
        self.files = []

    def _let_go(self, now: float) -> None:
        """Of what was read to its end, once what stands in its stead can be told from it."""
        if self.files and self.files[-1].taken.offset:
            for file in [one for one in self.files if one.retired is not None and one.rested]:
                if now - (file.retired or 0) > LINGERS_SECONDS:
                    self.files.remove(file)
                    file.close()

    def _found(self) -> stat_result | None:
        try:
            found = Path(self.path).stat()
        except OSError as error:
            self.problem = f"{self.path}: {error.strerror}"
            return None
        self.problem = None
        return found

    def _open(self, path: str | Path) -> bool:
        """Have the file at its beginning, behind those that are there."""
        try:
            self.files.append(open_log(path, self.path, self._longest, self._clock))
        except OSError as error:
            self.problem = f"{path}: {error.strerror or error}"
            return False
        return True

    def _mend(self, now: float) -> None:
        """Of a file that was emptied, what was not yet taken is in its copy."""
        cut = next((file for file in self.files if file.cut), None)
        if cut is None:
            self._sought = None
            return
        self._sought = now if self._sought is None else self._sought
        copy = self._aside(cut.taken)
        if copy is None and now - self._sought < SOUGHT_SECONDS:
            return
        index = self.files.index(cut)
        if copy is None:
            self.losses.append(LOST.format(path=self.path))
        else:
            copy.go_to(cut.taken)
            copy.retired = now
            self.files.insert(index, copy)
            self._have_younger(copy.changed_at(), index + 1, now)
        cut.start_over()
        self._sought = None

    def _find(self, place: FilePlace, now: float) -> bool:
        """Have the file of this place again, at the path or beside it."""
        try:
            file = open_log(self.path, self.path, self._longest, self._clock)
        except OSError:
            file = None
        if file is not None:
            if file.is_at(place):
                file.go_to(place)
                self.files.append(file)
                return True
            file.close()
        aside = self._aside(place)
        if aside is None:
            return place.ended or (not place.offset and self._have_younger(place.since + 1, len(self.files), now))
        aside.go_to(place)
        aside.retired = now
        self.files.append(aside)
        return True

    def _have_younger(self, since: int, index: int, now: float) -> bool:
        """Have what was rotated away meanwhile, and is none of what we have, from its beginning; if there was any."""
        found = False
        for path in beside(self.path):
            try:
                file = open_log(path, self.path, self._longest, self._clock)
            except OSError:
                continue
            if file.changed_at() >= since and not any(
                file.is_of(one.taken) or file.begins_as(one) for one in self.files
            ):
                file.retired = now
                self.files.insert(index, file)
                index, found = index + 1, True
            else:
                file.close()
        return found

    def _aside(self, place: FilePlace) -> LogFile | None:
        """The file of this place under another name, the youngest if several are."""
        for path in reversed(beside(self.path)):
            try:
                file = open_log(path, self.path, self._longest, self._clock)
            except OSError:
                continue
            if file.is_of(place):
                return file
            file.close()
        return None


def same(place: FilePlace, found: stat_result) -> bool:
    """Whether that is the file of the place."""
    return (place.device, place.inode) == (found.st_dev, found.st_ino)
