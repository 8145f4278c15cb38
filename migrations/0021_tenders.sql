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
