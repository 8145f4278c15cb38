-- Alipay: accounts, and the trade bills of each day.

-- A merchant's apps at Alipay's open platform. One is used for new payments; former ones stay, since what was paid
-- there is asked for and refunded there. The private key lies in sealed_secrets.
create table alipay_accounts (
  merchant_id             uuid not null,
  app_id                  text not null,
  seller_id               text not null,      -- whose money it becomes: the PID, 2088...
  active                  boolean not null,
  alipay_public_key_pem   text not null,
  private_key_fingerprint text not null,
  version                 uuid not null,      -- new with every change, so that processes see it
  updated_at              timestamptz not null,
  primary key (merchant_id, app_id)
);
select distribute('alipay_accounts', 'merchant_id');
alter table alipay_accounts add constraint alipay_accounts_merchant
  foreign key (merchant_id) references merchants (merchant_id);
create unique index alipay_accounts_active on alipay_accounts (merchant_id) where active;

-- One per day (China's) and seller. Sums of the bill stand beside those recorded here.
create table alipay_bill_days (
  merchant_id       uuid not null,
  seller_id         text not null,
  day               date not null,
  state             text not null default 'waiting' check (state in ('waiting', 'matched', 'failed')),
  due_at            timestamptz not null,
  tries             int not null default 0,
  error             text,
  hash              text,                     -- SHA-256 of the file; empty: nothing happened on the day
  payments          bigint not null default 0,
  paid_fen          bigint not null default 0,
  refunds           bigint not null default 0,
  refunded_fen      bigint not null default 0,
  fees_fen          bigint not null default 0, -- less those given back
  here_payments     bigint not null default 0, -- recorded here on the day
  here_paid_fen     bigint not null default 0,
  here_refunds      bigint not null default 0,
  here_refunded_fen bigint not null default 0,
  matched_at        timestamptz,
  primary key (merchant_id, seller_id, day),
  check ((state = 'matched') = (matched_at is not null)),
  check ((state = 'matched') <= (hash is not null)),
  check ((state = 'failed') <= (error is not null))
) with (fillfactor = 70);
select distribute('alipay_bill_days', 'merchant_id');
alter table alipay_bill_days add constraint alipay_bill_days_merchant
  foreign key (merchant_id) references merchants (merchant_id);
create index alipay_bill_days_due on alipay_bill_days (due_at) where state = 'waiting';
create index alipay_bill_days_newest on alipay_bill_days (merchant_id, day desc, seller_id);

-- Each payment and refund that a bill told of, once. A day's fees are one posting of the book (`alipay_fees`).
create table alipay_bill_items (
  merchant_id uuid not null,
  seller_id   text not null,
  kind        text not null check (kind in ('payment', 'refund')),
  number      text not null,                  -- ours: out_trade_no, out_request_no
  trade_no    text not null,
  day         date not null,
  at          timestamptz not null,
  amount_fen  bigint not null check (amount_fen > 0),
  fee_fen     bigint not null,                -- negative where a refund gave it back
  record_id   uuid,                           -- the attempt or refund here; null: none
  primary key (merchant_id, seller_id, kind, number)
);
select distribute('alipay_bill_items', 'merchant_id');
create index alipay_bill_items_of_day on alipay_bill_items (merchant_id, seller_id, day);

-- What does not agree. Nothing leaves this table: it is resolved by a person or by a rule, and says by which.
create table alipay_bill_differences (
  merchant_id   uuid not null,
  difference_id uuid not null,
  seller_id     text not null,
  day           date not null,
  kind          text not null check (kind in ('missing_here', 'missing_there', 'amount')),
  subject       text not null check (subject in ('payment', 'refund')),
  number        text not null,
  trade_no      text not null,
  at            timestamptz not null,
  here_fen      bigint,
  there_fen     bigint,
  record_id     uuid,
  state         text not null default 'open' check (state in ('open', 'resolved')),
  resolution    text check (resolution in ('agrees', 'accepted')),
  note          text not null default '',
  staff_id      uuid,                         -- null: resolved by the rule
  found_at      timestamptz not null,
  resolved_at   timestamptz,
  primary key (merchant_id, difference_id),
  check ((state = 'resolved') = (resolved_at is not null)),
  check ((state = 'resolved') = (resolution is not null)),
  check ((resolution is not distinct from 'accepted') = (staff_id is not null))
) with (fillfactor = 80);
select distribute('alipay_bill_differences', 'merchant_id');
create unique index alipay_bill_differences_once
  on alipay_bill_differences (merchant_id, seller_id, subject, kind, number);
create index alipay_bill_differences_open on alipay_bill_differences (merchant_id, day) where state = 'open';
create index alipay_bill_differences_newest on alipay_bill_differences (merchant_id, day desc, difference_id desc);
