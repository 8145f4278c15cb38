"""An account as it stood at a past moment, and what moved it in between, by source."""

from bihuan.ledger.db_past_balance import Stretch, stage_occurred, stretch

__all__ = ["Stretch", "stage_occurred", "stretch"]
