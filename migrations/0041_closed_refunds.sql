-- A refund that WeChat took on one day and closed on a later one: its money came back, and its fee is due again.

alter table reconciliation_items drop constraint reconciliation_items_kind_check;
alter table reconciliation_items add constraint reconciliation_items_kind_check
  check (kind in ('payment', 'refund', 'refund_closed', 'share', 'share_return', 'unfreeze'));
