"""An operator's tariff as CSV: prefix, price per minute, increment in seconds; a header is skipped."""

import csv
from io import StringIO
from pathlib import Path

from detector.enrich.tariff import Tariff
from streams.config.bounded_text import FileError, read_text
from streams.config.installation import Installation

LARGEST = 16 * 1024 * 1024
INCREMENT = 60
MOST_PROBLEMS = 20

Rows = tuple[tuple[str, str, int | str], ...]


class TariffError(Exception):
    """A tariff file that cannot be used: for each problem its line from 1, or 0 for the file, and what is wrong."""

    def __init__(self, problems: list[tuple[int, str]]) -> None:
        super().__init__("; ".join(f"line {line}: {text}" if line else text for line, text in problems))
        self.problems = problems


def tariff_files(installation: Installation) -> list[Path]:
    """The files that any layer names, each once."""
    layers = (installation.defaults, *installation.tenants.values(), *installation.pbxs)
    return list(dict.fromkeys(layer.tariffs for layer in layers if isinstance(layer.tariffs, Path)))


def read_tariffs(installation: Installation) -> dict[str, Rows]:
    """The rows of every tariff file by its path, as the core's tables want them. Raises TariffError."""
    return {str(file): read_tariff(file) for file in tariff_files(installation)}


def read_tariff(file: Path) -> Rows:
    """The rows of one tariff file, each sound. Raises TariffError with the first problems there are."""
    try:
        lines = csv.reader(StringIO(read_text(file, LARGEST), newline=""))
    except FileError as error:
        raise TariffError([(error.line, str(error))]) from None
    rows, problems = [], []
    try:
        for cells in lines:
            if not cells or headed(cells, lines.line_num):
                continue
            try:
                rows.append(checked(cells))
            except ValueError as error:
                problems.append((lines.line_num, str(error)))
            if len(problems) == MOST_PROBLEMS:
                break
    except csv.Error as error:
        problems.append((lines.line_num, f"not CSV: {error}"))
    if problems:
        raise TariffError(problems)
    return tuple(rows)


def headed(cells: list[str], line: int) -> bool:
    """Whether this is a first row that names columns."""
    return line == 1 and not any(character.isdigit() for character in cells[0])


def checked(cells: list[str]) -> tuple[str, str, int | str]:
    """One row, its increment filled in. Raises ValueError."""
    if not 2 <= len(cells) <= 3:
        raise ValueError("not a row of the tariff (allowed: prefix,price per minute,increment)")
    row = cells[0], cells[1], cells[2] if len(cells) == 3 else INCREMENT
    try:
        Tariff.from_rows([row])
    except ValueError as error:
        raise ValueError(str(error).partition(": ")[2]) from None
    return row
