"""Who can sign in to the demo: BIHUAN_HOME/demo.json, readable by its owner alone."""

import os
import secrets
import tempfile
from pathlib import Path

import msgspec

from bihuan.kernel.ids import CROCKFORD


class SignIn(msgspec.Struct, frozen=True):
    """A login of the console."""

    merchant: str
    code: str
    login: str
    password: str
    name: str


class SignIns(msgspec.Struct, frozen=True):
    """Owners (and the operator) first; then people who work in stores."""

    sign_ins: list[SignIn] = []
    staff: list[SignIn] = []

    def find(self, login: str) -> SignIn | None:
        """The sign-in of a login."""
        return next((one for one in [*self.sign_ins, *self.staff] if one.login == login), None)

    def get(self, login: str) -> SignIn:
        """The sign-in of a login that must be there. Raises KeyError."""
        found = self.find(login)
        if found is None:
            raise KeyError(login)
        return found


def path_of(home: Path) -> Path:
    """Where they are kept."""
    return home / "demo.json"


def read(home: Path) -> SignIns:
    """What is kept; nothing when there is no file or it is not ours."""
    try:
        return msgspec.json.decode(path_of(home).read_bytes(), type=SignIns)
    except (FileNotFoundError, msgspec.MsgspecError):
        return SignIns()


def write(home: Path, sign_ins: SignIns) -> None:
    """Writes the file whole, for its owner's eyes only (0600)."""
    descriptor, name = tempfile.mkstemp(dir=home, prefix=".demo-")  # made with 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(sign_ins), indent=2) + b"\n")
    Path(name).replace(path_of(home))


def new_password() -> str:
    """Fifteen random characters in three groups: 75 bits that can be read aloud."""
    groups = ("".join(secrets.choice(CROCKFORD.lower()) for _ in range(5)) for _ in range(3))
    return "-".join(groups)
