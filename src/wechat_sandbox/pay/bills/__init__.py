"""Bills (账单) of past days, written from the journal: trades, fund flow, profit sharing, and their download."""
