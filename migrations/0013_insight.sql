-- Insight: the loop's numbers by day and store, made of facts.

create table loop_daily (
  merchant_id uuid not null,
  day         date not null,              -- of Asia/Shanghai
  store_id    uuid not null,              -- the nil uuid: no store
  scans       bigint not null default 0,
  follows     bigint not null default 0,
  orders      bigint not null default 0,
  paid_orders bigint not null default 0,
  paid_fen    bigint not null default 0,
  members     bigint not null default 0,
  primary key (merchant_id, day, store_id)
);
select distribute('loop_daily', 'merchant_id');

-- Whom a merchant has met.
create table loop_shoppers (
  merchant_id uuid not null,
  shopper_id  uuid not null,
  met_at      timestamptz not null,
  primary key (merchant_id, shopper_id)
);
select distribute('loop_shoppers', 'merchant_id');
