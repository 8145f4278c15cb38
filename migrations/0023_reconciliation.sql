-- Reconciliation: WeChat Pay's bills of each day, what in them agrees with what is recorded here, and what does not.

-- One per day (China's) and account of a merchant's. Sums of the bills stand beside those recorded here.
create table reconciliation_days (
  merchant_id        uuid not null,
  mchid              text not null,
  day                date not null,
  sp_mchid           text not null,             -- of a partner: who signs; its fund bill is not to be had
  state              text not null default 'waiting' check (state in ('waiting', 'matched', 'failed')),
  due_at             timestamptz not null,
  tries              int not null default 0,
  error_code         text,
  error              text,
  payments           bigint not null default 0, -- in the trade bill
  paid_fen           bigint not null default 0,
  refunds            bigint not null default 0,
  refunded_fen       bigint not null default 0,
  fees_fen           bigint not null default 0, -- less those given back
  here_payments      bigint not null default 0, -- recorded here on the day
  here_paid_fen      bigint not null default 0,
  here_refunds       bigint not null default 0,
  here_refunded_fen  bigint not null default 0,
  opening_fen        bigint,                    -- of the fund bill; null without one
  closing_fen        bigint,
  book_opening_fen   bigint,                    -- of wechat_clearing
  book_closing_fen   bigint,
  withdrawn_fen      bigint not null default 0, -- to the bank, less what came from it
  in_transit_fen     bigint not null default 0, -- explains the rest: refunds that WeChat has taken and not yet done
  frozen_fen         bigint not null default 0, -- waiting for profit sharing
  shared_fen         bigint not null default 0, -- shared, returned and unfrozen in the fund bill
  differing_fen      bigint not null default 0, -- of the differences found
  unexplained_fen    bigint,                    -- what nothing explains; null when it cannot be told
  matched_at         timestamptz,
  primary key (merchant_id, mchid, day),
  check ((state = 'matched') = (matched_at is not null)),
  check ((state = 'failed') <= (error_code is not null))
) with (fillfactor = 70);
select distribute('reconciliation_days', 'merchant_id');
alter table reconciliation_days add constraint reconciliation_days_account
  foreign key (merchant_id, mchid) references payment_accounts (merchant_id, mchid);
create index reconciliation_days_due on reconciliation_days (due_at) where state = 'waiting';
create index reconciliation_days_newest on reconciliation_days (merchant_id, day desc, mchid);

-- A bill as it was fetched: the file lies under BIHUAN_HOME until `forgotten_at`.
create table reconciliation_bills (
  merchant_id  uuid not null,
  mchid        text not null,
  day          date not null,
  kind         text not null check (kind in ('trade', 'funds', 'sharing')),
  file         text not null,                   -- below BIHUAN_HOME/bills; empty: nothing happened on the day
  hash         text not null,                   -- SHA-1 as WeChat told it
  bytes        bigint not null check (bytes >= 0),
  rows         bigint,                          -- null: not read yet
  amount_fen   bigint,                          -- trade: paid less refunded; funds: change; sharing: moved
  fetched_at   timestamptz not null,
  forgotten_at timestamptz,
  primary key (merchant_id, mchid, day, kind)
);
select distribute('reconciliation_bills', 'merchant_id');
alter table reconciliation_bills add constraint reconciliation_bills_day
  foreign key (merchant_id, mchid, day) references reconciliation_days (merchant_id, mchid, day);
create index reconciliation_bills_kept on reconciliation_bills (fetched_at) where forgotten_at is null and file <> '';

-- Each payment and refund that a trade bill told of, once. Its fee is in the book by `fee_posting`.
create table reconciliation_items (
  merchant_id uuid not null,
  mchid       text not null,
  kind        text not null check (kind in ('payment', 'refund')),
  number      text not null,                    -- WeChat's: transaction_id, refund_id
  out_number  text not null,                    -- ours
  day         date not null,
  at          timestamptz not null,
  amount_fen  bigint not null check (amount_fen >= 0),
  fee_fen     bigint not null,                  -- negative where a refund gave it back
  fee_posting uuid,                             -- of which transaction of the book
  record_id   uuid,                             -- the attempt or refund here; null: none
  primary key (merchant_id, mchid, kind, number)
);
select distribute('reconciliation_items', 'merchant_id');
alter table reconciliation_items add constraint reconciliation_items_fee_posted
  check ((fee_fen <> 0) = (fee_posting is not null));

-- Movements of the fund bill that the trade bill does not tell of: to and from the bank, and what nothing explains.
create table reconciliation_moves (
  merchant_id   uuid not null,
  move_id       uuid not null,                  -- derived from the row, so that a repeat posts nothing
  mchid         text not null,
  day           date not null,
  at            timestamptz not null,
  kind          text not null check (kind in ('withdrawal', 'top_up', 'other')),
  business_name text not null,
  business_type text not null,
  number        text not null,
  amount_fen    bigint not null check (amount_fen <> 0),
  note          text not null,
  primary key (merchant_id, move_id)
);
select distribute('reconciliation_moves', 'merchant_id');
create index reconciliation_moves_of_day on reconciliation_moves (merchant_id, mchid, day);

-- What does not agree. Nothing leaves this table: it is resolved by a person or by a rule, and says by which.
create table reconciliation_differences (
  merchant_id   uuid not null,
  difference_id uuid not null,
  mchid         text not null,
  day           date not null,
  kind          text not null
    check (kind in ('missing_here', 'missing_there', 'amount', 'state', 'fee', 'twice', 'unknown_move', 'balance')),
  subject       text not null check (subject in ('payment', 'refund', 'move', 'day')),
  number        text not null,
  out_number    text not null,
  at            timestamptz not null,
  here_fen      bigint,
  there_fen     bigint,
  here_state    text,
  there_state   text,
  book_fen      bigint not null,                -- what a posting would add to wechat_clearing to agree; 0: nothing
  action        text not null,                  -- suggested
  record_id     uuid,
  purpose       text,
  reference_id  uuid,
  state         text not null check (state in ('waiting', 'open', 'resolved')),
  resolution    text check (resolution in ('agrees', 'appeared', 'posted', 'accepted')),
  rule          text,                           -- resolved by it; null: by a person
  note          text not null default '',
  staff_id      uuid,
  staff_name    text,
  found_at      timestamptz not null,
  resolved_at   timestamptz,
  primary key (merchant_id, difference_id),
  check ((state = 'resolved') = (resolved_at is not null)),
  check ((state = 'resolved') = (resolution is not null)),
  check (state <> 'resolved' or (rule is null) <> (staff_id is null))
) with (fillfactor = 80);
select distribute('reconciliation_differences', 'merchant_id');
create unique index reconciliation_differences_once
  on reconciliation_differences (merchant_id, mchid, subject, kind, number, out_number);
create index reconciliation_differences_open on reconciliation_differences (merchant_id, day)
  where state <> 'resolved';
create index reconciliation_differences_newest on reconciliation_differences (merchant_id, day desc, difference_id desc);

-- A day's receipts and refunds of an account, for those who compare them with its bill.
create index payment_attempts_received on payment_attempts (merchant_id, mchid, paid_at) where paid_at is not null;
create index payment_refunds_done on payment_refunds (merchant_id, succeeded_at) where succeeded_at is not null;
