
-- Accounts for what a merchant's money goes through beside WeChat Pay: other channels, the till, stored value,
-- points, commissions, tool fees, payouts.
insert into ledger_chart (position, account, kind) values
  (11, 'alipay_clearing', 'asset'),         -- what Alipay holds for the merchant
  (12, 'card_clearing', 'asset'),           -- paid by card at a till, not yet in the bank
  (13, 'cash', 'asset'),                    -- in the drawers
  (14, 'bank', 'asset'),                    -- paid out to the merchant's own account
  (72, 'commission_income', 'income'),      -- the platform's: its share of merchants' sales
  (74, 'tool_fees', 'income'),              -- the platform's: plans and tools
  (91, 'points_discounts', 'expense'),      -- paid with points
  (92, 'wallet_gifts', 'expense'),          -- given with top-ups
  (112, 'tool_costs', 'expense'),           -- the merchant's plans and tools
  (114, 'compensation', 'expense'),         -- paid beyond the price of the goods
  (116, 'differences', 'expense');          -- found by counting or reconciling, explained by a person
