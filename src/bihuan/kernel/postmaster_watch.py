"""Whether the embedded PostgreSQL still takes connections: a postmaster may live and do nothing.

Its process exists, the kernel goes on accepting connections on its socket, and backends that were there work on;
only who comes new waits for ever. So a thread asks, as a new client would, and counts how often nobody answers.
"""

import contextlib
import socket
import threading
from pathlib import Path

_SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)
"""Length and code; the server answers one byte before it looks at anything else, also while it recovers
(PostgreSQL's documentation, "Message Flow", SSL Session Encryption)."""


class PostmasterWatch:
    """Asks every `every_seconds`, waits `patience_seconds` for an answer; stuck after `most_unanswered` in a row."""

    def __init__(
        self, sockets: Path, *, every_seconds: float = 3, patience_seconds: float = 4, most_unanswered: int = 3
    ) -> None:
        self._socket = sockets / ".s.PGSQL.5432"
        self._every = every_seconds
        self._patience = patience_seconds
        self._most = most_unanswered
        self._unanswered = 0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins, or begins anew with nothing counted."""
        self.stop()
        self._unanswered, self._end = 0, threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._end,), name="postmaster watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends; an answer that is being waited for is not."""
        self._end.set()
        self._thread = None

    @property
    def stuck(self) -> bool:
        """Whether nobody answered for a while."""
        return self._unanswered >= self._most

    def _run(self, end: threading.Event) -> None:
        while not end.wait(self._every):
            answered = self.answers()
            if end.is_set():  # it was begun anew meanwhile: this answer is about the server of before
                return
            self._unanswered = 0 if answered else self._unanswered + 1

    def answers(self) -> bool:
        """Whether a new client is answered in time."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(self._patience)
            client.connect(str(self._socket))
            client.sendall(_SSL_REQUEST)
            return len(client.recv(1)) == 1
        return False
