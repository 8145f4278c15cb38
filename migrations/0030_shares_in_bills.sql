-- Profit sharing is matched row by row: shares, their returns and unfreezings are kept and differ like refunds.

alter table reconciliation_items drop constraint reconciliation_items_kind_check;
alter table reconciliation_items add constraint reconciliation_items_kind_check
  check (kind in ('payment', 'refund', 'share', 'share_return', 'unfreeze'));

alter table reconciliation_differences drop constraint reconciliation_differences_subject_check;
alter table reconciliation_differences add constraint reconciliation_differences_subject_check
  check (subject in ('payment', 'refund', 'share', 'share_return', 'unfreeze', 'move', 'day'));

-- What of profit sharing ended on a day, for those who compare it with the bill.
create index sharing_orders_ended on sharing_orders (merchant_id, ended_at) where ended_at is not null;
create index sharing_returns_ended on sharing_returns (merchant_id, ended_at) where ended_at is not null;
