"""Guides: a merchant's people on WeCom, their contact codes and their customers.

Invariants: who of the staff a member is, is said by a person and outlives each sync; a contact code's state is a
label of that person; each event of WeCom acts once; the first words are sent by the process that took the event in,
within WeCom's twenty seconds, and at most once.
"""

from .corps import NewCorp, connect
from .db import Corp, Guide
from .members import ensure_code, match, sync

__all__ = ["Corp", "Guide", "NewCorp", "connect", "ensure_code", "match", "sync"]
