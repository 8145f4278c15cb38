"""What an importer says about its work: progress while it runs, a summary in the end."""

from collections.abc import Callable

import msgspec

Report = Callable[[str, int, int], None]
"""`report(stage, done, total)`: called after each batch."""


class NotImportable(FileNotFoundError):
    """The folder is not what the importer reads: a file or a column is missing. The message names it."""


class AlreadyImporting(RuntimeError):  # no OSError: within a session those mean that the database is away
    """Another import of the same kind runs on this database; the message says so."""


class Rejected(msgspec.Struct, frozen=True, order=True):
    """A row that was not imported. `row` is as a spreadsheet counts: the header is row 1."""

    file: str
    row: int
    reason: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What came in (`imported`), was there before (`present`) and was refused (`rejected`).

    `imported` and `present` count by kind of thing. `notes` say what a reader must know: assumptions made,
    files that were not read.
    """

    imported: dict[str, int]
    present: dict[str, int]
    rejected: list[Rejected]
    notes: list[str]
    seconds: float

    def text(self) -> str:
        """The summary for a person: without the rejected rows, which the command lists."""
        came = ", ".join(f"{count:,} {kind}" for kind, count in self.imported.items() if count) or "nothing new"
        lines = [f"Imported in {self.seconds:.1f} s: {came}"]
        if known := ", ".join(f"{count:,} {kind}" for kind, count in self.present.items() if count):
            lines.append(f"There already: {known}")
        if self.rejected:
            by_file: dict[str, int] = {}
            for row in self.rejected:
                by_file[row.file] = by_file.get(row.file, 0) + 1
            counts = ", ".join(f"{count:,} of {file}" for file, count in by_file.items())
            lines.append(f"Rows not imported: {counts}")
        return "\n".join([*lines, *self.notes])
