-- Settlement: commissions, profit sharing, tool plans, statements and payouts between merchants and the platform.

-- What the platform takes of sales. The rules are the platform's rows; a rule is never edited, only ended.
create table commission_rules (
  merchant_id     uuid not null,               -- the platform
  rule_id         uuid not null,
  name            text not null,
  for_merchant_id uuid,                        -- null: any
  category        text,                        -- a category of that name; null: any
  plan_code       text,                        -- a merchant on that plan; null: any
  percent_bp      int not null check (percent_bp between 0 and 10000),
  per_line_fen    bigint not null check (per_line_fen between 0 and 100000000),
  per_order_fen   bigint not null check (per_order_fen between 0 and 100000000),
  tiers           jsonb not null,              -- [{from_fen, percent_bp}] by the month's turnover, ascending
  priority        int not null check (priority between 0 and 1000),
  valid_from      timestamptz not null,
  valid_until     timestamptz,
  created_at      timestamptz not null,
  primary key (merchant_id, rule_id),
  check (valid_until is null or valid_until >= valid_from)
);
select distribute('commission_rules', 'merchant_id');
alter table commission_rules add constraint commission_rules_merchant
  foreign key (merchant_id) references merchants (merchant_id);

-- A month's sales of a merchant, by the base of its commissions: decides the tier.
create table commission_turnover (
  merchant_id uuid not null,
  month       date not null,
  base_fen    bigint not null check (base_fen >= 0),
  primary key (merchant_id, month)
);
select distribute('commission_turnover', 'merchant_id');

-- The commission of an order, frozen when it was paid; `refunded_fen` and `returned_fen` grow with refunds.
create table commissions (
  merchant_id   uuid not null,
  order_id      uuid not null,
  order_no      text not null,
  paid_fen      bigint not null check (paid_fen >= 0),
  base_fen      bigint not null check (base_fen between 0 and paid_fen),
  amount_fen    bigint not null check (amount_fen between 0 and base_fen),
  refunded_fen  bigint not null default 0 check (refunded_fen between 0 and paid_fen),
  returned_fen  bigint not null default 0 check (returned_fen between 0 and amount_fen),
  charged_at    timestamptz not null,
  primary key (merchant_id, order_id)
) with (fillfactor = 80);
select distribute('commissions', 'merchant_id');

create table commission_lines (
  merchant_id uuid not null,
  order_id    uuid not null,
  line_id     uuid not null,
  title       text not null,
  rule_id     uuid,                            -- null: no rule fits, no commission
  rule_name   text not null,
  percent_bp  int not null,
  fixed_fen   bigint not null,
  base_fen    bigint not null check (base_fen >= 0),
  amount_fen  bigint not null check (amount_fen between 0 and base_fen),
  primary key (merchant_id, order_id, line_id)
);
select distribute('commission_lines', 'merchant_id');
alter table commission_lines add constraint commission_lines_order
  foreign key (merchant_id, order_id) references commissions (merchant_id, order_id);

-- What a decided refund gave back of a commission; a row of nothing says that it was looked at.
create table commission_returns (
  merchant_id uuid not null,
  decision_id uuid not null,
  order_id    uuid not null,
  refund_fen  bigint not null check (refund_fen > 0),
  amount_fen  bigint not null check (amount_fen >= 0),
  returned_at timestamptz not null,
  primary key (merchant_id, decision_id)
);
select distribute('commission_returns', 'merchant_id');
alter table commission_returns add constraint commission_returns_order
  foreign key (merchant_id, order_id) references commissions (merchant_id, order_id);
create index commission_returns_by_order on commission_returns (merchant_id, order_id);

-- How the platform and a merchant settle. A merchant without a row has the defaults of the code.
create table settlement_terms (
  merchant_id   uuid not null,
  share_at      text not null check (share_at in ('paid', 'completed')),
  cycle         text not null check (cycle in ('day', 'week', 'month')),
  delay_days    int not null check (delay_days between 0 and 60),   -- T+n
  receiver_name text not null default '',      -- of the platform: its registered name at WeChat Pay
  updated_at    timestamptz not null,
  primary key (merchant_id)
);
select distribute('settlement_terms', 'merchant_id');

-- The sharing of an order's money at WeChat. `shared_fen` reached the platform, `returned_fen` came back from it.
create table sharings (
  merchant_id    uuid not null,
  order_id       uuid not null,
  order_no       text not null,
  mchid          text not null,                -- whose money it is
  appid          text not null,
  receiver       text not null,                -- the platform's mchid
  transaction_id text not null,
  paid_fen       bigint not null check (paid_fen > 0),
  paid_at        timestamptz not null,
  ends_at        timestamptz not null,         -- WeChat unfreezes what was not shared until then
  state          text not null default 'waiting'
    check (state in ('waiting', 'sharing', 'unfreezing', 'done', 'failed', 'missed')),
  shared_fen     bigint not null default 0 check (shared_fen >= 0),
  returned_fen   bigint not null default 0 check (returned_fen between 0 and shared_fen),
  due_at         timestamptz,                  -- when the job looks next; null: never by itself
  tries          int not null default 0,
  error          text,
  warned_at      timestamptz,                  -- the end came near
  updated_at     timestamptz not null,
  primary key (merchant_id, order_id)
) with (fillfactor = 70);
select distribute('sharings', 'merchant_id');
create index sharings_due on sharings (due_at) where due_at is not null;
create index sharings_by_state on sharings (merchant_id, state, order_id desc);
create index sharings_ending on sharings (ends_at) where state in ('waiting', 'sharing', 'failed');

-- Each a number at WeChat. Written before the call, with what the call says: a repeat says the same.
create table sharing_orders (
  merchant_id      uuid not null,
  sharing_order_id uuid not null,              -- its hex is the out_order_no
  order_id         uuid not null,
  kind             text not null check (kind in ('share', 'unfreeze')),
  amount_fen       bigint not null check (amount_fen >= 0),
  returned_fen     bigint not null default 0,  -- of returns under way or done
  state            text not null default 'asked' check (state in ('asked', 'processing', 'success', 'closed')),
  error            text,
  created_at       timestamptz not null,
  ended_at         timestamptz,
  primary key (merchant_id, sharing_order_id),
  check (returned_fen between 0 and amount_fen),
  check ((state in ('success', 'closed')) = (ended_at is not null))
);
select distribute('sharing_orders', 'merchant_id');
alter table sharing_orders add constraint sharing_orders_sharing
  foreign key (merchant_id, order_id) references sharings (merchant_id, order_id);
create index sharing_orders_by_order on sharing_orders (merchant_id, order_id);
create unique index sharing_orders_open on sharing_orders (merchant_id, order_id) where state in ('asked', 'processing');

create table sharing_returns (
  merchant_id      uuid not null,
  return_id        uuid not null,              -- its hex is the out_return_no
  sharing_order_id uuid not null,
  order_id         uuid not null,
  amount_fen       bigint not null check (amount_fen > 0),
  state            text not null default 'asked'
    check (state in ('asked', 'processing', 'success', 'failed', 'waived')),
  tries            int not null default 0,
  due_at           timestamptz not null,
  error            text,
  created_at       timestamptz not null,
  ended_at         timestamptz,
  primary key (merchant_id, return_id),
  check ((state in ('success', 'failed', 'waived')) = (ended_at is not null))
);
select distribute('sharing_returns', 'merchant_id');
alter table sharing_returns add constraint sharing_returns_order
  foreign key (merchant_id, sharing_order_id) references sharing_orders (merchant_id, sharing_order_id);
create index sharing_returns_by_order on sharing_returns (merchant_id, order_id);
create index sharing_returns_due on sharing_returns (due_at) where state in ('asked', 'processing');

-- Whom a merchant's account may share with, as WeChat was told.
create table sharing_receivers (
  merchant_id   uuid not null,
  mchid         text not null,
  receiver      text not null,
  name          text not null,
  registered_at timestamptz not null,
  primary key (merchant_id, mchid, receiver)
);
select distribute('sharing_receivers', 'merchant_id');

-- Tool plans: the platform's rows, what a merchant is on, and the months' invoices.
create table tool_plans (
  merchant_id uuid not null,                   -- the platform
  plan_code   text not null check (plan_code ~ '^[a-z][a-z0-9_-]{0,31}$'),
  name        text not null,
  price_fen   bigint not null check (price_fen between 0 and 1000000000),  -- a month
  includes    jsonb not null,
  state       text not null check (state in ('offered', 'retired')),
  updated_at  timestamptz not null,
  primary key (merchant_id, plan_code)
);
select distribute('tool_plans', 'merchant_id');

create table plan_subscriptions (
  merchant_id     uuid not null,
  subscription_id uuid not null,
  plan_code       text not null,
  plan_name       text not null,
  price_fen       bigint not null check (price_fen >= 0),
  includes        jsonb not null,
  started_on      date not null,
  ended_on        date,                        -- the first day without it
  primary key (merchant_id, subscription_id),
  check (ended_on >= started_on)
);
select distribute('plan_subscriptions', 'merchant_id');
create unique index plan_subscriptions_open on plan_subscriptions (merchant_id) where ended_on is null;

create table plan_invoices (
  merchant_id uuid not null,
  invoice_id  uuid not null,
  month       date not null,
  rows        jsonb not null,                  -- [{plan_code, plan_name, price_fen, from, to, days, amount_fen}]
  amount_fen  bigint not null check (amount_fen >= 0),
  issued_at   timestamptz not null,
  primary key (merchant_id, invoice_id)
);
select distribute('plan_invoices', 'merchant_id');
create unique index plan_invoices_by_month on plan_invoices (merchant_id, month);

-- Statements: one open per merchant at most; closing freezes the ledger transactions that are its lines.
create table statements (
  merchant_id     uuid not null,
  statement_id    uuid not null,
  statement_no    text not null,
  period_from     timestamptz not null,
  period_to       timestamptz not null,
  closes_at       timestamptz not null,
  state           text not null default 'open' check (state in ('open', 'closed', 'paid')),
  opening_fen     bigint not null default 0,
  sales_fen       bigint not null default 0,
  topups_fen      bigint not null default 0,
  refunds_fen     bigint not null default 0,
  commissions_fen bigint not null default 0,
  fees_fen        bigint not null default 0,
  adjustments_fen bigint not null default 0,
  payouts_fen     bigint not null default 0,
  closing_fen     bigint not null default 0,
  line_count      int not null default 0,
  due_fen         bigint not null default 0,   -- the platform owes the merchant; negative: the merchant owes
  paid_fen        bigint not null default 0,   -- of that
  collected       boolean not null default false,  -- the platform's account received the money
  closed_at       timestamptz,
  paid_at         timestamptz,
  primary key (merchant_id, statement_id),
  check (period_to > period_from),
  check (closing_fen = opening_fen + sales_fen + topups_fen + refunds_fen + commissions_fen + fees_fen
         + adjustments_fen + payouts_fen),
  check ((state = 'open') = (closed_at is null)),
  check ((state = 'paid') = (paid_at is not null)),
  check (state <> 'paid' or paid_fen = due_fen),
  check (abs(paid_fen) <= abs(due_fen) and (paid_fen = 0 or sign(paid_fen) = sign(due_fen)))
);
select distribute('statements', 'merchant_id');
create unique index statements_open on statements (merchant_id) where state = 'open';
create unique index statements_by_period on statements (merchant_id, period_from);
create index statements_to_close on statements (closes_at) where state = 'open';

create table statement_lines (
  merchant_id    uuid not null,
  transaction_id uuid not null,                -- of the ledger: on one statement only
  statement_id   uuid not null,
  kind           text not null
    check (kind in ('sales', 'topups', 'refunds', 'commissions', 'fees', 'adjustments', 'payouts', 'sharing')),
  wechat_fen     bigint not null,
  interbook_fen  bigint not null,
  payable_fen    bigint not null,
  source         text not null,
  order_id       uuid,
  order_no       text,
  description    text not null,
  occurred_at    timestamptz not null,
  primary key (merchant_id, transaction_id),
  check (kind <> 'sharing' or wechat_fen + interbook_fen + payable_fen = 0)
);
select distribute('statement_lines', 'merchant_id');
alter table statement_lines add constraint statement_lines_statement
  foreign key (merchant_id, statement_id) references statements (merchant_id, statement_id);
create index statement_lines_by_statement on statement_lines (merchant_id, statement_id, transaction_id);

-- Bank transfers between platform and merchant for a closed statement; negative: the merchant paid.
create table payouts (
  merchant_id  uuid not null,
  payout_id    uuid not null,
  statement_id uuid not null,
  amount_fen   bigint not null check (amount_fen <> 0),
  reference    text not null,                  -- the bank's
  paid_on      date not null,
  note         text not null,
  staff_id     uuid not null,
  created_at   timestamptz not null,
  primary key (merchant_id, payout_id)
);
select distribute('payouts', 'merchant_id');
alter table payouts add constraint payouts_statement
  foreign key (merchant_id, statement_id) references statements (merchant_id, statement_id);
create index payouts_by_statement on payouts (merchant_id, statement_id);
create unique index payouts_by_reference on payouts (merchant_id, reference);

create table settlement_adjustments (
  merchant_id   uuid not null,
  adjustment_id uuid not null,
  amount_fen    bigint not null check (amount_fen <> 0),  -- positive: for the merchant
  reason        text not null,
  staff_id      uuid not null,
  created_at    timestamptz not null,
  primary key (merchant_id, adjustment_id)
);
select distribute('settlement_adjustments', 'merchant_id');

-- Written once: the application neither changes nor deletes these.
revoke update, delete on commission_lines, commission_returns, plan_invoices, statement_lines, payouts,
  settlement_adjustments from bihuan_app;
