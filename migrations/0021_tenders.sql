-- Tenders: what a payment is made of; refunds that somebody decided on, split over them.

-- An attempt whose money is kept is a tender of its payment. `tender` says where the money is, which decides the
-- account of the book and who carries a refund out; `method` is how it was asked for.
alter table payment_attempts add column tender text not null default 'wechat';
update payment_attempts set tender = 'external' where mchid = '';
alter table payment_attempts add constraint payment_attempts_tender check (
  tender in ('wechat', 'wallet', 'alipay', 'cash', 'card', 'external'));
alter table payment_attempts drop constraint payment_attempts_method_check;
alter table payment_attempts add constraint payment_attempts_method_check check (
  case tender
    when 'wechat' then mchid <> '' and method in ('wechat_jsapi', 'wechat_mini', 'wechat_native', 'wechat_h5')
    else method ~ '^[a-z][a-z_]{0,39}$' end);

-- Money that was kept and is to go back: one decision, named by its cause, carried out by a refund per tender.
create table payment_refund_decisions (
  merchant_id  uuid not null,
  decision_id  uuid not null,
  purpose      text not null,
  reference_id uuid not null,
  payment_id   uuid not null,
  cause        text not null check (cause ~ '^[a-z][a-z_]{0,39}$'),
  cause_id     uuid not null,
  amount_fen   bigint not null check (amount_fen > 0),
  settled_fen  bigint not null default 0,      -- of refunds that succeeded
  account      text not null,                  -- of the book: what the refund is charged to
  reason       text not null,
  decided_at   timestamptz not null,
  settled_at   timestamptz,
  primary key (merchant_id, decision_id),
  check (settled_fen between 0 and amount_fen),
  check ((settled_at is not null) = (settled_fen = amount_fen))
) with (fillfactor = 80);
select distribute('payment_refund_decisions', 'merchant_id');
alter table payment_refund_decisions add constraint payment_refund_decisions_payment
  foreign key (merchant_id, payment_id) references payments (merchant_id, payment_id);
create unique index payment_refund_decisions_by_cause on payment_refund_decisions (merchant_id, cause, cause_id);
create index payment_refund_decisions_by_payment on payment_refund_decisions (merchant_id, payment_id);

alter table payment_refunds add column decision_id uuid;
alter table payment_refunds add constraint payment_refunds_decision
  foreign key (merchant_id, decision_id) references payment_refund_decisions (merchant_id, decision_id);
create index payment_refunds_by_decision on payment_refunds (merchant_id, decision_id) where decision_id is not null;

-- A part of a payment may come from the shopper's wallet: `wallet_fen` of a payment is the plan that holds now, of an
-- attempt the plan that it was ordered under. The part itself is an attempt with tender wallet: created (held there),
-- paid (taken), closed (given back).
alter table payments add column wallet_fen bigint not null default 0;
alter table payments add constraint payments_wallet check (wallet_fen between 0 and amount_fen);
alter table payment_attempts add column wallet_fen bigint not null default 0;
create unique index payment_attempts_wallet_held on payment_attempts (merchant_id, payment_id)
  where tender = 'wallet' and state = 'created';
drop index payment_attempts_due;
create index payment_attempts_due on payment_attempts (tender, due_at) where state in ('created', 'prepaid');

-- payment_begin() as before (0011), with the part that the wallet pays: what is ordered at WeChat is the rest. Where
-- another part is planned than was asked for, nothing is begun and the state is 'replan'.
drop function payment_begin;
create function payment_begin(
  p_merchant_id uuid, p_now timestamptz, p_payment_id uuid, p_purpose text, p_reference_id uuid, p_shopper_id uuid,
  p_amount bigint, p_expires_at timestamptz, p_attempt_id uuid, p_out_trade_no text, p_method text, p_mchid text,
  p_appid text, p_openid text, p_description text, p_attempt_expires_at timestamptz, p_due_at timestamptz,
  p_prepaid_since timestamptz, p_most int, p_wallet bigint
) returns table (
  payment_id uuid, payment_state text, attempt_id uuid, out_trade_no text, prepay_id text, code_url text,
  description text, expires_at timestamptz
) language plpgsql as $$
#variable_conflict use_column
declare
  v payments%rowtype;
begin
  if p_wallet = 0 then
    insert into payments (merchant_id, payment_id, purpose, reference_id, shopper_id, amount_fen, expires_at,
      created_at)
    values (p_merchant_id, p_payment_id, p_purpose, p_reference_id, p_shopper_id, p_amount, p_expires_at, p_now)
    on conflict (merchant_id, purpose, reference_id) do nothing;
  end if;
  if p_wallet = 0 and found then              -- the common case: nobody tried before, nobody else sees it yet
    v.payment_id := p_payment_id;
    v.state := 'open';
  else
    select * into v from payments p
    where p.merchant_id = p_merchant_id and p.purpose = p_purpose and p.reference_id = p_reference_id
    for no key update;
    if v.payment_id is null or v.state <> 'open' or v.wallet_fen <> p_wallet then
      return query select coalesce(v.payment_id, p_payment_id),
        case when v.payment_id is null or v.state = 'open' then 'replan' else v.state end,
        null::uuid, null::text, null::text, null::text, null::text, null::timestamptz;
      return;
    end if;
    if v.amount_fen <> p_amount or v.expires_at <> p_expires_at then
      update payments p set amount_fen = p_amount, expires_at = p_expires_at
      where p.merchant_id = p_merchant_id and p.payment_id = v.payment_id;
    end if;
    return query
    select a.payment_id, v.state, a.attempt_id, a.out_trade_no, a.prepay_id, a.code_url, a.description, a.expires_at
    from payment_attempts a
    where a.merchant_id = p_merchant_id and a.payment_id = v.payment_id and a.state in ('created', 'prepaid')
      and not a.close_wanted and a.method = p_method and a.amount_fen = p_amount - p_wallet
      and a.wallet_fen = p_wallet and a.mchid = p_mchid
      and a.appid = p_appid and a.openid is not distinct from p_openid and a.expires_at > p_now
      and (a.prepaid_at is null or a.prepaid_at > p_prepaid_since)
    order by a.attempt_id desc limit 1;
    if found then
      return;
    end if;
    if (select count(*) from payment_attempts a
        where a.merchant_id = p_merchant_id and a.payment_id = v.payment_id) >= p_most then
      return query select v.payment_id, 'exhausted', null::uuid, null::text, null::text, null::text, null::text,
        null::timestamptz;
      return;
    end if;
  end if;

  insert into payment_attempts (merchant_id, attempt_id, payment_id, out_trade_no, method, mchid, appid, openid,
    amount_fen, wallet_fen, description, expires_at, due_at, created_at)
  values (p_merchant_id, p_attempt_id, v.payment_id, p_out_trade_no, p_method, p_mchid, p_appid, p_openid,
    p_amount - p_wallet, p_wallet, p_description, p_attempt_expires_at, p_due_at, p_now);
  return query select v.payment_id, v.state, p_attempt_id, p_out_trade_no, null::text, null::text, p_description,
    p_attempt_expires_at;
end $$;

grant execute on function payment_begin to bihuan_app;

-- A shopper's stored value at a merchant: what she paid in (principal) and what was given with it, apart. Held parts
-- are set aside for payments under way and are still hers.
create table wallets (
  merchant_id        uuid not null,
  shopper_id         uuid not null,
  principal_fen      bigint not null default 0,
  gift_fen           bigint not null default 0,
  held_principal_fen bigint not null default 0,
  held_gift_fen      bigint not null default 0,
  frozen_at          timestamptz,
  frozen_reason      text,
  opened_at          timestamptz not null,
  primary key (merchant_id, shopper_id),
  check (held_principal_fen between 0 and principal_fen),
  check (held_gift_fen between 0 and gift_fen),
  check ((frozen_at is null) = (frozen_reason is null))
) with (fillfactor = 80);
select distribute('wallets', 'merchant_id');
create index wallets_by_time on wallets (merchant_id, opened_at desc, shopper_id desc);

-- What a payment sets aside: held -> captured | released. `back_*` is what refunds gave back of a captured one.
create table wallet_holds (
  merchant_id        uuid not null,
  hold_id            uuid not null,
  shopper_id         uuid not null,
  principal_fen      bigint not null check (principal_fen >= 0),
  gift_fen           bigint not null check (gift_fen >= 0),
  state              text not null default 'held' check (state in ('held', 'captured', 'released')),
  back_principal_fen bigint not null default 0,
  back_gift_fen      bigint not null default 0,
  created_at         timestamptz not null,
  ended_at           timestamptz,
  primary key (merchant_id, hold_id),
  check (principal_fen + gift_fen > 0),
  check (back_principal_fen between 0 and principal_fen),
  check (back_gift_fen between 0 and gift_fen),
  check ((state = 'held') = (ended_at is null)),
  check (state = 'captured' or back_principal_fen + back_gift_fen = 0)
) with (fillfactor = 80);
select distribute('wallet_holds', 'merchant_id');
alter table wallet_holds add constraint wallet_holds_wallet
  foreign key (merchant_id, shopper_id) references wallets (merchant_id, shopper_id);
create index wallet_holds_of_wallet on wallet_holds (merchant_id, shopper_id) where state = 'held';

-- The statement: every movement, with the balance after it. Append-only.
create table wallet_entries (
  merchant_id   uuid not null,
  entry_id      uuid not null,
  shopper_id    uuid not null,
  principal_fen bigint not null,
  gift_fen      bigint not null,
  balance_fen   bigint not null check (balance_fen >= 0),
  source        text not null check (source ~ '^[a-z][a-z_]{0,39}$'),
  source_id     uuid not null,
  description   text not null,
  occurred_at   timestamptz not null,
  primary key (merchant_id, entry_id),
  check (principal_fen <> 0 or gift_fen <> 0)
);
select distribute('wallet_entries', 'merchant_id');
alter table wallet_entries add constraint wallet_entries_wallet
  foreign key (merchant_id, shopper_id) references wallets (merchant_id, shopper_id);
create unique index wallet_entries_by_source on wallet_entries (merchant_id, source, source_id);
create index wallet_entries_of_wallet on wallet_entries (merchant_id, shopper_id, entry_id desc);
create index wallet_entries_by_id on wallet_entries (merchant_id, entry_id desc);
revoke update, delete on wallet_entries from bihuan_app;

create table wallet_settings (
  merchant_id     uuid not null,
  enabled         boolean not null,
  spend_order     text not null check (spend_order in ('principal_first', 'gift_first', 'proportional')),
  least_fen       bigint not null check (least_fen > 0),
  most_fen        bigint not null,
  gift_rules      jsonb not null,                -- [{paid_fen, gift_fen}], the lowest first
  updated_at      timestamptz not null,
  primary key (merchant_id),
  check (most_fen >= least_fen)
);
select distribute('wallet_settings', 'merchant_id');
alter table wallet_settings add constraint wallet_settings_merchant
  foreign key (merchant_id) references merchants (merchant_id);

create table wallet_topups (
  merchant_id  uuid not null,
  topup_id     uuid not null,
  shopper_id   uuid not null,
  amount_fen   bigint not null check (amount_fen > 0),
  gift_fen     bigint not null check (gift_fen >= 0),
  state        text not null default 'unpaid' check (state in ('unpaid', 'paid', 'refunded')),
  returned_fen bigint not null default 0,        -- of the principal: taken out of the wallet again
  clawed_fen   bigint not null default 0,        -- of the gift
  created_at   timestamptz not null,
  expires_at   timestamptz not null,
  paid_at      timestamptz,
  primary key (merchant_id, topup_id),
  check (returned_fen between 0 and amount_fen),
  check (clawed_fen between 0 and gift_fen),
  check ((state = 'unpaid') = (paid_at is null)),
  check ((state = 'refunded') = (returned_fen = amount_fen))
) with (fillfactor = 80);
select distribute('wallet_topups', 'merchant_id');
create index wallet_topups_of_shopper on wallet_topups (merchant_id, shopper_id, topup_id desc);

-- How long points live; without a row, or with null, for ever.
create table points_settings (
  merchant_id uuid not null,
  life_months int check (life_months between 1 and 120),
  updated_at  timestamptz not null,
  primary key (merchant_id)
);
select distribute('points_settings', 'merchant_id');
alter table points_settings add constraint points_settings_merchant
  foreign key (merchant_id) references merchants (merchant_id);

-- What an order that brought points was paid and refunded: its points are those of what was kept.
create table points_orders (
  merchant_id  uuid not null,
  order_id     uuid not null,
  member_id    uuid not null,
  paid_fen     bigint not null check (paid_fen > 0),
  refunded_fen bigint not null default 0,
  primary key (merchant_id, order_id),
  check (refunded_fen between 0 and paid_fen)
);
select distribute('points_orders', 'merchant_id');
create index points_orders_of_member on points_orders (merchant_id, member_id);
create index points_entries_old on points_entries (merchant_id, occurred_at) where points > 0;
