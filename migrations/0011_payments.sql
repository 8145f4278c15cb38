-- Payments: what is to be collected, each attempt at WeChat, what WeChat told us, and refunds.

-- A merchant's accounts at WeChat Pay. One is used for new payments; former ones stay, since what was paid
-- there can only be asked for and refunded there. Private key and APIv3 key lie in sealed_secrets.
create table payment_accounts (
  merchant_id             uuid not null,
  mchid                   text not null,
  active                  boolean not null,
  serial_no               text not null,      -- of the merchant's API certificate
  app_id                  text,               -- null: the official account's
  public_key_id           text not null,      -- empty: certificate mode
  public_key_pem          text not null,
  private_key_fingerprint text not null,
  apiv3_key_fingerprint   text not null,
  version                 uuid not null,      -- new with every change, so that processes see it
  updated_at              timestamptz not null,
  primary key (merchant_id, mchid)
);
select distribute('payment_accounts', 'merchant_id');
alter table payment_accounts add constraint payment_accounts_merchant
  foreign key (merchant_id) references merchants (merchant_id);
create unique index payment_accounts_active on payment_accounts (merchant_id) where active;

-- One per thing that is to be paid: `purpose` says whose id `reference_id` is.
create table payments (
  merchant_id  uuid not null,
  payment_id   uuid not null,
  purpose      text not null check (purpose ~ '^[a-z_]{1,40}$'),
  reference_id uuid not null,
  shopper_id   uuid not null,
  amount_fen   bigint not null check (amount_fen > 0),
  state        text not null default 'open' check (state in ('open', 'paid', 'closed')),
  expires_at   timestamptz not null,
  created_at   timestamptz not null,
  paid_at      timestamptz,
  primary key (merchant_id, payment_id),
  check ((state = 'paid') = (paid_at is not null))
) with (fillfactor = 80);
select distribute('payments', 'merchant_id');
create unique index payments_by_reference on payments (merchant_id, purpose, reference_id);

-- Each an out_trade_no at WeChat. `state` is what became of the order there; `verdict` what became of the money.
create table payment_attempts (
  merchant_id    uuid not null,
  attempt_id     uuid not null,
  payment_id     uuid not null,
  out_trade_no   text not null,
  method         text not null check (method in ('wechat_jsapi', 'wechat_mini', 'wechat_native')),
  mchid          text not null,
  appid          text not null,
  openid         text,
  amount_fen     bigint not null check (amount_fen > 0),
  description    text not null,
  state          text not null default 'created' check (state in ('created', 'prepaid', 'paid', 'closed', 'failed')),
  prepay_id      text,
  code_url       text,
  prepaid_at     timestamptz,
  expires_at     timestamptz not null,
  close_wanted   boolean not null default false,
  due_at         timestamptz not null,         -- when to ask WeChat about it, unless it says something before
  checks         int not null default 0,
  checked_at     timestamptz,
  error          text,
  transaction_id text,
  paid_fen       bigint check (paid_fen > 0),
  paid_at        timestamptz,
  verdict        text check (verdict in ('accepted', 'refused', 'parked')),
  reason         text,
  refund_fen     bigint not null default 0,    -- of refunds under way or done
  created_at     timestamptz not null,
  primary key (merchant_id, attempt_id),
  check ((state = 'paid') = (verdict is not null)),
  check (state <> 'paid' or (transaction_id is not null and paid_at is not null and paid_fen is not null)),
  check (verdict = 'accepted' or verdict is null or reason is not null),
  check (refund_fen between 0 and coalesce(paid_fen, 0))
) with (fillfactor = 70);
select distribute('payment_attempts', 'merchant_id');
alter table payment_attempts add constraint payment_attempts_payment
  foreign key (merchant_id, payment_id) references payments (merchant_id, payment_id);
create unique index payment_attempts_by_no on payment_attempts (merchant_id, out_trade_no);
create index payment_attempts_by_payment on payment_attempts (merchant_id, payment_id);
create index payment_attempts_due on payment_attempts (due_at) where state in ('created', 'prepaid');
create index payment_attempts_parked on payment_attempts (merchant_id, attempt_id) where verdict = 'parked';

-- What WeChat told us, verified. `parked`: it concerns nothing of ours, and a person must look.
create table payment_notifications (
  merchant_id     uuid not null,
  notification_id text not null,
  event_type      text not null,
  reference       text not null,               -- out_trade_no or out_refund_no
  outcome         text not null,
  reason          text,
  content         text,                        -- of a parked one: the plaintext
  received_at     timestamptz not null,
  primary key (merchant_id, notification_id)
);
select distribute('payment_notifications', 'merchant_id');
create index payment_notifications_old on payment_notifications (received_at);
create index payment_notifications_parked on payment_notifications (merchant_id, received_at)
  where outcome = 'parked';

create table payment_refunds (
  merchant_id      uuid not null,
  refund_id        uuid not null,              -- its hex is the out_refund_no
  attempt_id       uuid not null,
  amount_fen       bigint not null check (amount_fen > 0),
  reason           text not null,
  state            text not null default 'applied'
    check (state in ('applied', 'processing', 'success', 'closed', 'abnormal')),
  replaces         uuid,                       -- a closed refund that this one does again
  generation       int not null default 1,
  wechat_refund_id text,
  tries            int not null default 0,
  due_at           timestamptz not null,
  error            text,
  parked_at        timestamptz,                -- a person must look; we go on asking all the same
  created_at       timestamptz not null,
  succeeded_at     timestamptz,
  primary key (merchant_id, refund_id),
  check ((state = 'success') = (succeeded_at is not null))
) with (fillfactor = 80);
select distribute('payment_refunds', 'merchant_id');
alter table payment_refunds add constraint payment_refunds_attempt
  foreign key (merchant_id, attempt_id) references payment_attempts (merchant_id, attempt_id);
create index payment_refunds_by_attempt on payment_refunds (merchant_id, attempt_id);
create unique index payment_refunds_replaced on payment_refunds (merchant_id, replaces) where replaces is not null;
create index payment_refunds_due on payment_refunds (due_at) where state in ('applied', 'processing', 'abnormal');
create index payment_refunds_parked on payment_refunds (merchant_id, parked_at) where parked_at is not null;

-- Begins an attempt, or finds a live one that serves: same account, app, payer, method and amount. One statement
-- of the checkout path. The caller learns the payment's state, and calls WeChat when prepay_id and code_url are null.
create function payment_begin(
  p_merchant_id uuid, p_now timestamptz, p_payment_id uuid, p_purpose text, p_reference_id uuid, p_shopper_id uuid,
  p_amount bigint, p_expires_at timestamptz, p_attempt_id uuid, p_out_trade_no text, p_method text, p_mchid text,
  p_appid text, p_openid text, p_description text, p_attempt_expires_at timestamptz, p_due_at timestamptz,
  p_prepaid_since timestamptz, p_most int
) returns table (
  payment_id uuid, payment_state text, attempt_id uuid, out_trade_no text, prepay_id text, code_url text,
  description text, expires_at timestamptz
) language plpgsql as $$
#variable_conflict use_column
declare
  v payments%rowtype;
begin
  insert into payments (merchant_id, payment_id, purpose, reference_id, shopper_id, amount_fen, expires_at, created_at)
  values (p_merchant_id, p_payment_id, p_purpose, p_reference_id, p_shopper_id, p_amount, p_expires_at, p_now)
  on conflict (merchant_id, purpose, reference_id) do nothing;
  if found then                               -- the common case: nobody tried before, nobody else sees it yet
    v.payment_id := p_payment_id;
    v.state := 'open';
  else
    select * into v from payments p
    where p.merchant_id = p_merchant_id and p.purpose = p_purpose and p.reference_id = p_reference_id
    for no key update;
    if v.state <> 'open' then
      return query select v.payment_id, v.state, null::uuid, null::text, null::text, null::text, null::text,
        null::timestamptz;
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
      and not a.close_wanted and a.method = p_method and a.amount_fen = p_amount and a.mchid = p_mchid
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
    amount_fen, description, expires_at, due_at, created_at)
  values (p_merchant_id, p_attempt_id, v.payment_id, p_out_trade_no, p_method, p_mchid, p_appid, p_openid,
    p_amount, p_description, p_attempt_expires_at, p_due_at, p_now);
  return query select v.payment_id, v.state, p_attempt_id, p_out_trade_no, null::text, null::text, p_description,
    p_attempt_expires_at;
end $$;

-- Records what WeChat gave; false when the attempt was paid, closed or is to be closed in the meantime. The commit
-- does not wait for the disk: after a crash the attempt is 'created' again, and asking WeChat with its number once
-- more gives the same.
create function payment_prepaid(
  p_merchant_id uuid, p_now timestamptz, p_attempt_id uuid, p_prepay_id text, p_code_url text
) returns boolean language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update payment_attempts a set state = 'prepaid', prepay_id = p_prepay_id, code_url = p_code_url, prepaid_at = p_now
  where a.merchant_id = p_merchant_id and a.attempt_id = p_attempt_id and a.state in ('created', 'prepaid')
    and not a.close_wanted;
  return found;
end $$;

grant execute on all functions in schema public to bihuan_app;
