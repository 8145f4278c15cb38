"""Reading the CSV tables: rows with their numbers, and values with what is wrong with them."""

import csv
import re
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bihuan.importers.reporting import NotImportable, Rejected

MOST_FEN = 1_000_000_000
"""Ten million of the currency: beyond it an amount is a slip of the keyboard (the catalogue says the same)."""

_ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}")
_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_MOST_TEXT = 200


class Bad(ValueError):
    """A row cannot be imported; the message says why."""


class Row:
    """A row by the names of its columns; the readers raise Bad."""

    __slots__ = ("_columns", "_values", "file", "number")

    def __init__(self, file: str, number: int, columns: dict[str, int], values: list[str]) -> None:
        self.file = file
        self.number = number
        self._columns = columns
        self._values = values

    def reject(self, reason: object) -> Rejected:
        """This row with the reason why it is not imported."""
        return Rejected(self.file, self.number, str(reason))

    def text(self, column: str) -> str:
        """A text, which may be empty."""
        value = self._values[self._columns[column]].strip()
        if len(value) > _MOST_TEXT:
            raise Bad(f"{column} is longer than {_MOST_TEXT} characters")
        return value

    def id(self, column: str) -> str:
        """An id of the source."""
        value = self._values[self._columns[column]]
        if not _ID.fullmatch(value):
            raise Bad(f"{column} is missing" if not value.strip() else f"{column} {value[:80]!r} is no id")
        return value

    def number_of(self, column: str) -> int:
        """A whole number from 0 to 9999."""
        value = self._values[self._columns[column]].strip()
        if not (value.isascii() and value.isdecimal() and len(value) <= 4):
            raise Bad(f"{column} {value[:40]!r} is no whole number from 0 to 9999")
        return int(value)

    def fen(self, column: str) -> int:
        """An amount with at most two decimals, its cents as fen; zero or more."""
        value = self._values[self._columns[column]].strip()
        found = _AMOUNT.fullmatch(value)
        if found is None:
            raise Bad(f"{column} {value[:40]!r} is no amount")
        sign, whole, cents = found.groups()
        fen = int(whole) * 100 + int((cents or "").ljust(2, "0"))
        if sign and fen:
            raise Bad(f"{column} {value} is negative")
        if fen > MOST_FEN:
            raise Bad(f"{column} {value} is beyond any honest amount")
        return fen

    def time(self, column: str, now: datetime) -> datetime | None:
        """A time, or None for an empty value. The tables name no time zone; it is taken as UTC."""
        value = self._values[self._columns[column]].strip()
        if not value:
            return None
        try:
            if not _TIME.fullmatch(value):
                raise ValueError
            at = datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            raise Bad(f"{column} {value[:40]!r} is no time") from None
        if at.year < 1970 or at > now:
            raise Bad(f"{column} {value} is not in the past")
        return at


def read(folder: Path, file: str, columns: Sequence[str], rejected: list[Rejected]) -> Generator[Row, None, None]:
    """The rows of a table; those that are no rows of it go to `rejected`.

    UTF-8, with or without a byte-order mark. Raises NotImportable for a missing file or column.
    """
    path = folder / file
    if not path.is_file():
        raise NotImportable(f"{folder} has no {file}; the Olist importer reads the original tables")
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        rows = csv.reader(lines, strict=True)
        header: list[str] = next(rows, list[str]())
        places = {name.strip(): place for place, name in enumerate(header)}
        if missing := [name for name in columns if name not in places]:
            raise NotImportable(f"{path} is no table of Olist: it has no column {', '.join(missing)}")
        while True:
            number = rows.line_num + 1
            try:
                values = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                rejected.append(Rejected(file, number, f"is no CSV up to row {rows.line_num}: {error}"))
                continue
            if not values:
                continue
            if rows.line_num > number:
                rejected.append(Rejected(file, number, f"runs on to row {rows.line_num}: is a quote left open?"))
            elif len(values) != len(header):
                rejected.append(Rejected(file, number, f"has {len(values)} columns instead of {len(header)}"))
            elif fault := _unreadable(values):
                rejected.append(Rejected(file, number, fault))
            else:
                yield Row(file, number, places, values)


def _unreadable(values: Sequence[str]) -> str | None:
    whole = "".join(values)
    if "\0" in whole:
        return "holds a NUL, which cannot be stored"
    if not whole.isascii() and any("\ud800" <= character <= "\udfff" for character in whole):
        return "is not UTF-8"
    return None
