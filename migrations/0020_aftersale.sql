-- After-sale: cases by quantity, the pieces that they claim, what came back, disputes.

-- Pieces of a line: delivered, cancelled (refunded before they were sent), held back (a case about pieces that were
-- not sent is open, so they are not sent meanwhile), and refunded (of whatever kind).
alter table order_lines add column cancelled_quantity int not null default 0;
alter table order_lines add column held_back_quantity int not null default 0;
alter table order_lines add column refunded_quantity int not null default 0;
alter table order_lines add constraint order_lines_pieces check (
  cancelled_quantity >= 0 and held_back_quantity >= 0 and refunded_quantity between 0 and quantity
  and delivered_quantity + cancelled_quantity + held_back_quantity <= quantity);

-- Cases that are under way: an order with one does not complete by itself.
alter table orders add column open_cases int not null default 0;
alter table orders add constraint orders_open_cases check (open_cases >= 0);

-- What came back into the pool that it was sold from.
alter table holds add column returned_quantity int not null default 0;
alter table holds add constraint holds_returned check (returned_quantity between 0 and quantity);

-- Gives sold pieces back to their pools; the arrays are parallel. Returns how many of the rows were taken: a row
-- that would return more than was sold is not, and the caller must fail then.
create function take_back(p_merchant_id uuid, p_references uuid[], p_pool_ids uuid[], p_quantities int[])
returns int language plpgsql as $$
declare
  taken int;
begin
  perform 1 from pools p where p.merchant_id = p_merchant_id and p.pool_id = any (p_pool_ids)
  order by p.pool_id for no key update;

  with wanted as (
    select w.reference_id, w.pool_id, sum(w.quantity)::int as quantity, count(*)::int as rows
    from unnest(p_references, p_pool_ids, p_quantities) as w (reference_id, pool_id, quantity)
    group by w.reference_id, w.pool_id
  ), returned as (
    update holds h set returned_quantity = h.returned_quantity + w.quantity
    from wanted w
    where h.merchant_id = p_merchant_id and h.reference_id = w.reference_id and h.pool_id = w.pool_id
      and h.state = 'confirmed' and h.returned_quantity + w.quantity <= h.quantity
    returning h.pool_id, w.quantity, w.rows
  ), totals as (
    select r.pool_id, sum(r.quantity)::int as quantity from returned r group by r.pool_id
  ), updated as (
    update pools p set available = p.available + t.quantity, sold = p.sold - t.quantity
    from totals t where p.merchant_id = p_merchant_id and p.pool_id = t.pool_id
  )
  select coalesce(sum(r.rows), 0)::int into taken from returned r;
  return taken;
end $$;

-- A merchant's terms. Days and hours count from the step before; null return address: given with each consent.
create table aftersale_settings (
  merchant_id    uuid not null,
  apply_days     int not null,      -- after completion
  agree_hours    int not null,      -- the merchant is silent: agreed
  answer_hours   int not null,      -- the shopper is silent about a proposal: withdrawn
  send_hours     int not null,      -- the shopper does not send: withdrawn
  receive_hours  int not null,      -- the merchant does not inspect: received
  return_address jsonb,
  updated_at     timestamptz not null,
  primary key (merchant_id)
);
select distribute('aftersale_settings', 'merchant_id');
alter table aftersale_settings add constraint aftersale_settings_merchant
  foreign key (merchant_id) references merchants (merchant_id);
alter table aftersale_settings add constraint aftersale_settings_bounds check (
  apply_days between 0 and 365 and agree_hours between 1 and 720 and answer_hours between 1 and 720
  and send_hours between 1 and 2160 and receive_hours between 1 and 2160);

create table aftersale_cases (
  merchant_id      uuid not null,
  case_id          uuid not null,
  case_no          text not null,
  order_id         uuid not null,
  order_no         text not null,
  shopper_id       uuid not null,
  kind             text not null,
  state            text not null default 'applied',
  waiting_for      text,                         -- who must act; null: nobody
  reason           text not null,
  explanation      text not null default '',
  pictures         jsonb not null default '[]',
  received_goods   boolean not null,             -- false: about pieces that were not sent
  most_fen         bigint not null,              -- what the pieces cost the shopper; nothing for an exchange
  asked_fen        bigint not null,
  proposed_fen     bigint,
  agreed_fen       bigint,
  refuse_reason    text,
  return_address   jsonb,
  return_company   text,
  return_no        text,
  exchange_company text,
  exchange_no      text,
  dispute          text,
  dispute_at       timestamptz,
  due_at           timestamptz,                  -- when the time of whom it waits for is over
  created_at       timestamptz not null,
  agreed_at        timestamptz,
  sent_at          timestamptz,
  received_at      timestamptz,
  decided_at       timestamptz,
  ended_at         timestamptz,
  primary key (merchant_id, case_id)
) with (fillfactor = 80);
select distribute('aftersale_cases', 'merchant_id');
alter table aftersale_cases add constraint aftersale_cases_order
  foreign key (merchant_id, order_id) references orders (merchant_id, order_id);
alter table aftersale_cases add constraint aftersale_cases_kind check (kind in ('refund', 'return', 'exchange'));
alter table aftersale_cases add constraint aftersale_cases_state check (state in
  ('applied', 'agreed', 'returning', 'received', 'refunding', 'completed', 'rejected', 'withdrawn'));
alter table aftersale_cases add constraint aftersale_cases_waiting
  check (waiting_for in ('merchant', 'shopper', 'platform', 'payment'));
alter table aftersale_cases add constraint aftersale_cases_dispute check (dispute in ('open', 'for_shopper', 'for_merchant'));
alter table aftersale_cases add constraint aftersale_cases_amounts check (
  most_fen >= 0 and asked_fen between 0 and most_fen and coalesce(proposed_fen, 0) between 0 and most_fen
  and coalesce(agreed_fen, 0) between 0 and most_fen);
alter table aftersale_cases add constraint aftersale_cases_ended
  check ((state in ('completed', 'rejected', 'withdrawn')) = (ended_at is not null));
alter table aftersale_cases add constraint aftersale_cases_decided
  check (kind = 'exchange' or (state in ('refunding', 'completed')) = (decided_at is not null));
create unique index aftersale_cases_by_no on aftersale_cases (merchant_id, case_no);
create index aftersale_cases_by_order on aftersale_cases (merchant_id, order_id);
create index aftersale_cases_by_shopper on aftersale_cases (merchant_id, shopper_id, case_id desc);
create index aftersale_cases_by_state on aftersale_cases (merchant_id, state, case_id desc);
create index aftersale_cases_due on aftersale_cases (due_at) where due_at is not null;
create index aftersale_cases_disputed on aftersale_cases (dispute_at) where dispute is not null;

create table aftersale_lines (
  merchant_id         uuid not null,
  case_id             uuid not null,
  line_id             uuid not null,
  product_id          uuid not null,
  sku_id              uuid not null,
  title               text not null,
  option_values       jsonb not null,
  image_url           text,
  quantity            int not null,
  pieces              jsonb not null,            -- [{piece, amount_fen, freight_fen, points_fen}], in their order
  received_quantity   int,
  sellable_quantity   int,
  exchange_sku_id     uuid,
  exchange_title      text,
  exchange_pool_id    uuid,
  primary key (merchant_id, case_id, line_id)
);
select distribute('aftersale_lines', 'merchant_id');
alter table aftersale_lines add constraint aftersale_lines_case
  foreign key (merchant_id, case_id) references aftersale_cases (merchant_id, case_id);
alter table aftersale_lines add constraint aftersale_lines_quantity check (quantity > 0);
alter table aftersale_lines add constraint aftersale_lines_inspected check (
  (received_quantity is null) = (sellable_quantity is null)
  and (received_quantity is null or (received_quantity between 0 and quantity
       and sellable_quantity between 0 and received_quantity)));

-- A piece of a line that a case claims; its key is what keeps two cases from claiming one piece. Of an exchanged
-- piece the row stays without a case, and says from which hold the piece that the shopper now has came.
create table aftersale_pieces (
  merchant_id    uuid not null,
  order_id       uuid not null,
  line_id        uuid not null,
  piece          int not null,
  case_id        uuid,
  hold_reference uuid,
  pool_id        uuid,
  primary key (merchant_id, order_id, line_id, piece)
);
select distribute('aftersale_pieces', 'merchant_id');
alter table aftersale_pieces add constraint aftersale_pieces_line
  foreign key (merchant_id, order_id, line_id) references order_lines (merchant_id, order_id, line_id);
create index aftersale_pieces_by_case on aftersale_pieces (merchant_id, case_id) where case_id is not null;

-- What happened in a case, and what both sides say and show.
create table aftersale_events (
  merchant_id uuid not null,
  event_id    uuid not null,
  case_id     uuid not null,
  actor       text not null,
  staff_id    uuid,
  step        text not null,
  note        text not null default '',
  pictures    jsonb not null default '[]',
  amount_fen  bigint,
  happened_at timestamptz not null,
  primary key (merchant_id, event_id)
);
select distribute('aftersale_events', 'merchant_id');
alter table aftersale_events add constraint aftersale_events_case
  foreign key (merchant_id, case_id) references aftersale_cases (merchant_id, case_id);
alter table aftersale_events add constraint aftersale_events_actor
  check (actor in ('shopper', 'merchant', 'platform', 'system'));
create index aftersale_events_by_case on aftersale_events (merchant_id, case_id, event_id);

-- Pictures of cases, re-encoded; whoever uploaded one may show it.
create table aftersale_pictures (
  merchant_id uuid not null,
  picture_id  uuid not null,
  uploader_id uuid not null,                     -- a shopper, or one of the staff
  hash        text not null,
  created_at  timestamptz not null,
  primary key (merchant_id, picture_id)
);
select distribute('aftersale_pictures', 'merchant_id');
create unique index aftersale_pictures_once on aftersale_pictures (merchant_id, uploader_id, hash);
create index aftersale_pictures_lately on aftersale_pictures (merchant_id, uploader_id, created_at);

-- What a person did about money that could not be placed: it leaves the list, the note stays.
create table parked_resolutions (
  merchant_id uuid not null,
  kind        text not null,
  parked_id   text not null,
  staff_id    uuid not null,
  note        text not null,
  resolved_at timestamptz not null,
  primary key (merchant_id, kind, parked_id)
);
select distribute('parked_resolutions', 'merchant_id');
alter table parked_resolutions add constraint parked_resolutions_kind check (kind in ('payment', 'notification'));

grant execute on all functions in schema public to bihuan_app;
