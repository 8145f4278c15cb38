-- Tills: shifts and what moves in their drawers, sales over the counter, refunds.

-- Payment codes are a method of WeChat's like the others.
alter table payment_attempts drop constraint payment_attempts_method_check;
alter table payment_attempts add constraint payment_attempts_method_check check (
  case tender
    when 'wechat' then mchid <> ''
      and method in ('wechat_jsapi', 'wechat_mini', 'wechat_native', 'wechat_h5', 'wechat_code')
    else method ~ '^[a-z][a-z_]{0,39}$' end);

-- Refunds of cash and by card wait for a cashier's hand; no job can carry them out.
alter table payment_refunds add column by_hand boolean not null default false;
create index payment_refunds_by_hand on payment_refunds (merchant_id, refund_id) where by_hand and state = 'applied';

insert into ledger_chart (position, account, kind) values
  (118, 'till_expenses', 'expense');        -- small things that were paid out of a drawer

-- A person at a drawer, from its opening to its count. `expected_fen` is the sum of the drawer's movements, kept
-- beside them; once closed, what was counted lies in the drawer until the next shift carries it on or it is banked.
create table till_shifts (
  merchant_id    uuid not null,
  shift_id       uuid not null,
  store_id       uuid not null,
  counter_id     uuid,
  till           text not null check (till ~ '^[^[:cntrl:]]{1,20}$'),
  staff_id       uuid not null,
  state          text not null default 'open' check (state in ('open', 'closed')),
  carried_from   uuid,                         -- the shift whose cash was its float
  expected_fen   bigint not null default 0,
  counted_fen    bigint check (counted_fen >= 0),
  difference_fen bigint,                       -- counted - expected
  carried_fen    bigint not null default 0,    -- taken over by later shifts as their float
  banked_fen     bigint not null default 0,
  note           text,
  opened_at      timestamptz not null,
  closed_at      timestamptz,
  closed_by      uuid,
  primary key (merchant_id, shift_id),
  check ((state = 'closed') = (closed_at is not null)),
  check ((state = 'closed') = (counted_fen is not null)),
  check ((state = 'closed') = (closed_by is not null)),
  check (difference_fen is not distinct from counted_fen - expected_fen),
  check (expected_fen >= 0),
  check (carried_fen >= 0 and banked_fen >= 0),
  check (carried_fen + banked_fen <= coalesce(counted_fen, 0))
) with (fillfactor = 80);
select distribute('till_shifts', 'merchant_id');
alter table till_shifts add constraint till_shifts_store
  foreign key (merchant_id, store_id) references stores (merchant_id, store_id);
create unique index till_shifts_open on till_shifts (merchant_id, store_id, till) where state = 'open';
create unique index till_shifts_of_staff on till_shifts (merchant_id, staff_id) where state = 'open';
create index till_shifts_by_time on till_shifts (merchant_id, shift_id desc);
create index till_shifts_of_store on till_shifts (merchant_id, store_id, shift_id desc);

-- What goes in (+) and out (-) of a drawer. Append-only.
create table till_movements (
  merchant_id uuid not null,
  movement_id uuid not null,
  shift_id    uuid not null,
  kind        text not null check (kind in ('float', 'sale', 'refund', 'pay_in', 'pay_out', 'expense')),
  amount_fen  bigint not null check (amount_fen <> 0),
  source_id   uuid not null,                   -- the float's shift, the taking, the refund; its own id otherwise
  reason      text not null,
  staff_id    uuid not null,
  occurred_at timestamptz not null,
  primary key (merchant_id, movement_id),
  check ((kind in ('float', 'sale', 'pay_in')) = (amount_fen > 0))
);
select distribute('till_movements', 'merchant_id');
alter table till_movements add constraint till_movements_shift
  foreign key (merchant_id, shift_id) references till_shifts (merchant_id, shift_id);
create unique index till_movements_by_source on till_movements (merchant_id, kind, source_id);
create index till_movements_of_shift on till_movements (merchant_id, shift_id, movement_id);
revoke update, delete on till_movements from bihuan_app;

-- A sale at a till: an ordinary order, and who stood at which drawer.
create table till_sales (
  merchant_id uuid not null,
  sale_id     uuid not null,
  shift_id    uuid not null,
  order_id    uuid not null,
  order_no    text not null,
  shopper_id  uuid not null,
  member_no   text,
  total_fen   bigint not null check (total_fen > 0),
  state       text not null default 'open' check (state in ('open', 'paid', 'void')),
  staff_id    uuid not null,
  created_at  timestamptz not null,
  ended_at    timestamptz,
  primary key (merchant_id, sale_id),
  check ((state = 'open') = (ended_at is null))
) with (fillfactor = 80);
select distribute('till_sales', 'merchant_id');
alter table till_sales add constraint till_sales_shift
  foreign key (merchant_id, shift_id) references till_shifts (merchant_id, shift_id);
create unique index till_sales_by_order on till_sales (merchant_id, order_id);
create index till_sales_of_shift on till_sales (merchant_id, shift_id, sale_id desc);
create index till_sales_by_no on till_sales (merchant_id, order_no);

-- An attempt to take the money of a sale, in up to three parts at once. `pending`: a payment code is undecided.
create table till_takings (
  merchant_id  uuid not null,
  taking_id    uuid not null,
  sale_id      uuid not null,
  key          text not null,                  -- the command's
  input_hash   bytea not null,
  state        text not null default 'pending' check (state in ('pending', 'taken', 'refused')),
  payment_id   uuid not null,
  cash_fen     bigint not null check (cash_fen >= 0),
  tendered_fen bigint not null,
  card_fen     bigint not null check (card_fen >= 0),
  card_slip    text not null,
  code_fen     bigint not null check (code_fen >= 0),
  code         jsonb,                          -- the part that the code pays
  reason       text,                           -- why it was refused
  staff_id     uuid not null,
  began_at     timestamptz not null,
  due_at       timestamptz not null,           -- when the job decides, unless somebody did before
  ended_at     timestamptz,
  primary key (merchant_id, taking_id),
  check (cash_fen + card_fen + code_fen > 0),
  check (tendered_fen >= cash_fen),
  check ((code_fen > 0) = (code is not null)),
  check ((card_fen > 0) = (card_slip <> '')),
  check ((state = 'pending') = (ended_at is null)),
  check ((state = 'refused') = (reason is not null))
) with (fillfactor = 80);
select distribute('till_takings', 'merchant_id');
alter table till_takings add constraint till_takings_sale
  foreign key (merchant_id, sale_id) references till_sales (merchant_id, sale_id);
create unique index till_takings_by_key on till_takings (merchant_id, sale_id, key);
create unique index till_takings_pending on till_takings (merchant_id, sale_id) where state = 'pending';
create index till_takings_due on till_takings (due_at) where state = 'pending';

-- Money given back at a till. `cash_fen` and `card_fen` left the counter; a code's part goes back by itself.
create table till_refunds (
  merchant_id uuid not null,
  refund_id   uuid not null,
  shift_id    uuid not null,
  order_id    uuid not null,
  order_no    text not null,
  amount_fen  bigint not null check (amount_fen > 0),
  cash_fen    bigint not null check (cash_fen >= 0),
  card_fen    bigint not null check (card_fen >= 0),
  card_slip   text not null,
  other_fen   bigint not null check (other_fen >= 0),
  lines       jsonb not null,
  reason      text not null,
  staff_id    uuid not null,
  created_at  timestamptz not null,
  primary key (merchant_id, refund_id),
  check (cash_fen + card_fen + other_fen = amount_fen)
);
select distribute('till_refunds', 'merchant_id');
alter table till_refunds add constraint till_refunds_shift
  foreign key (merchant_id, shift_id) references till_shifts (merchant_id, shift_id);
create index till_refunds_of_shift on till_refunds (merchant_id, shift_id, refund_id desc);
create index till_refunds_of_order on till_refunds (merchant_id, order_id);
