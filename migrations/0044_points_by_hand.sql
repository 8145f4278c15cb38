-- Points that staff gave or took by hand, and cash of tills that was brought to the bank: who, when, and of what.

-- The entry on the card is `grant` or `deduct` and has the same points.
create table points_adjustments (
  merchant_id   uuid not null,
  adjustment_id uuid not null,
  member_id     uuid not null,
  points        bigint not null,          -- given (+) or taken (-)
  reason        text not null,            -- the member reads it
  staff_id      uuid not null,
  adjusted_at   timestamptz not null,
  primary key (merchant_id, adjustment_id)
);
select distribute('points_adjustments', 'merchant_id');
alter table points_adjustments add constraint points_adjustments_member
  foreign key (merchant_id, member_id) references members (merchant_id, member_id);
alter table points_adjustments add constraint points_adjustments_points check (
  points <> 0 and points between -1000000 and 1000000);
alter table points_adjustments add constraint points_adjustments_reason check (length(reason) between 1 and 100);
create index points_adjustments_of_member on points_adjustments (merchant_id, member_id);
-- Append-only.
revoke update, delete on points_adjustments from bihuan_app;

-- The posting `till_banking` has the id of its banking, which leads to the shift. Older postings lead nowhere.
create table till_bankings (
  merchant_id uuid not null,
  banking_id  uuid not null,
  shift_id    uuid not null,
  amount_fen  bigint not null,
  staff_id    uuid not null,
  banked_at   timestamptz not null,
  primary key (merchant_id, banking_id)
);
select distribute('till_bankings', 'merchant_id');
alter table till_bankings add constraint till_bankings_shift
  foreign key (merchant_id, shift_id) references till_shifts (merchant_id, shift_id);
alter table till_bankings add constraint till_bankings_amount check (amount_fen > 0);
create index till_bankings_of_shift on till_bankings (merchant_id, shift_id);
revoke update, delete on till_bankings from bihuan_app;
