"""Settlement: commissions, tool plans, profit sharing, statements and payouts."""
