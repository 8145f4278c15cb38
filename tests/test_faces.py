"""The check of faces refuses what it is there for, and nothing else."""

from pathlib import Path

from tests import faces

_LOWER = {
    "__init__.py": 'from bihuan.lower import books\n__all__ = ["books", "post"]',
    "books.py": "def read() -> None: ...",
    "history.py": 'SQL = "insert into lower select 1"',
    "db.py": 'SQL = "select 1 from lower"',
    "errors.py": 'class Gone:\n    code = "gone"',
}


def _findings(tmp_path: Path, upper: str, *, name: str = "service.py") -> list[str]:
    for module, files in {"lower": _LOWER, "upper": {name: upper}}.items():
        (tmp_path / module).mkdir()
        for file, text in files.items():
            (tmp_path / module / file).write_text(text, "utf-8")
    return [line.split(": ", 1)[1] for line in faces.findings(tmp_path)]


def test_what_a_face_shows_is_imported_and_what_stands_behind_it_is_not(tmp_path: Path) -> None:
    found = _findings(
        tmp_path,
        """
from bihuan import lower
from bihuan.lower import books, db, post
from bihuan.lower.books import _hidden, read
from bihuan.lower.errors import Gone
from bihuan.lower.history import SQL
lower.post(lower.books.read)
lower.service.post()
""",
    )
    assert found == [
        "lower.db is past the face of lower",
        "lower.books._hidden is past the face of lower.books",
        "lower.errors.Gone is past the face of lower",
        "lower.service is past the face of lower",
    ]


def test_sql_stands_in_files_of_rows(tmp_path: Path) -> None:
    text = """'''select one of these'''
LOCK = "select pg_advisory_lock(1)"
REFUSAL = "Select a store first"
QUERY = f"  select {REFUSAL} from lower"
"""
    assert _findings(tmp_path, text) == ["SQL stands in the module's db files"]
    (tmp_path / "upper" / "service.py").rename(tmp_path / "upper" / "db_upper.py")
    assert list(faces.findings(tmp_path)) == []


def test_a_code_is_one_error(tmp_path: Path) -> None:
    found = _findings(tmp_path, 'class Other:\n    code = "gone"\n\n\nclass Third:\n    code = "third"')
    assert found == [f"the code 'gone' is that of Gone in {tmp_path}/lower/errors.py too"]
