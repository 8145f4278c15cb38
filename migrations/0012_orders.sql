-- Carts, orders, their lines and shipments; and placement: many orders in one statement.

create table cart_items (
  merchant_id     uuid not null,
  shopper_id      uuid not null,
  sku_id          uuid not null,
  quantity        int not null check (quantity between 1 and 999),
  added_price_fen bigint not null check (added_price_fen >= 0),
  added_at        timestamptz not null,
  primary key (merchant_id, shopper_id, sku_id)
);
select distribute('cart_items', 'merchant_id');

create table orders (
  merchant_id       uuid not null,
  order_id          uuid not null,
  order_no          text not null,
  shopper_id        uuid not null,
  state             text not null default 'unpaid'
    check (state in ('unpaid', 'paid', 'partially_delivered', 'delivered', 'completed', 'cancelled')),
  payment_status    text not null default 'unpaid' check (payment_status in ('unpaid', 'paid', 'refunded')),
  fulfilment_status text not null default 'unfulfilled'
    check (fulfilment_status in ('unfulfilled', 'partially_fulfilled', 'fulfilled')),
  refund_status     text not null default 'none' check (refund_status in ('none', 'partially_refunded', 'refunded')),
  goods_fen         bigint not null check (goods_fen >= 0),
  freight_fen       bigint not null check (freight_fen >= 0),
  discount_fen      bigint not null check (discount_fen >= 0),
  total_fen         bigint not null check (total_fen >= 0 and total_fen = goods_fen + freight_fen - discount_fen),
  paid_fen          bigint not null default 0 check (paid_fen >= 0),
  refunded_fen      bigint not null default 0 check (refunded_fen between 0 and paid_fen),
  adjustments       jsonb not null,
  delivery_method   text not null check (delivery_method in ('ship', 'pickup')),
  delivery          jsonb not null,
  pickup_code       text,
  remark            text,
  store_id          uuid,                    -- attribution, frozen: who earned this sale
  counter_id        uuid,
  staff_id          uuid,
  sharer_id         uuid,
  attribution       jsonb not null,          -- the rule and the touchpoints that decided
  idempotency_key   text not null,
  input_hash        bytea not null,
  created_at        timestamptz not null,
  expires_at        timestamptz not null,
  paid_at           timestamptz,
  delivered_at      timestamptz,
  completed_at      timestamptz,
  cancelled_at      timestamptz,
  cancel_reason     text,
  primary key (merchant_id, order_id),
  check ((state = 'cancelled') = (cancelled_at is not null)),
  check (state in ('unpaid', 'cancelled') or paid_at is not null)
) with (fillfactor = 80);
select distribute('orders', 'merchant_id');
create unique index orders_by_key on orders (merchant_id, shopper_id, idempotency_key);
create unique index orders_by_no on orders (merchant_id, order_no);
create index orders_by_shopper on orders (merchant_id, shopper_id, order_id desc);
create index orders_by_state on orders (merchant_id, state, order_id desc);
create index orders_expiring on orders (expires_at) where state = 'unpaid';
create index orders_to_complete on orders (delivered_at) where state = 'delivered';
create index orders_by_pickup_code on orders (merchant_id, pickup_code) where pickup_code is not null;

create table order_lines (
  merchant_id        uuid not null,
  order_id           uuid not null,
  line_id            uuid not null,
  sku_id             uuid not null,
  product_id         uuid not null,
  pool_id            uuid not null,
  title              text not null,
  option_values      jsonb not null,
  image_url          text,
  quantity           int not null check (quantity > 0),
  unit_price_fen     bigint not null check (unit_price_fen >= 0),
  subtotal_fen       bigint not null check (subtotal_fen = unit_price_fen * quantity),
  adjustments        jsonb not null,
  total_fen          bigint not null check (total_fen >= 0),
  delivered_quantity int not null default 0 check (delivered_quantity between 0 and quantity),
  primary key (merchant_id, order_id, line_id)
);
select distribute('order_lines', 'merchant_id');
alter table order_lines add constraint order_lines_order
  foreign key (merchant_id, order_id) references orders (merchant_id, order_id);

create table shipments (
  merchant_id uuid not null,
  shipment_id uuid not null,
  order_id    uuid not null,
  company     text not null,
  tracking_no text not null,
  lines       jsonb not null,               -- [{line_id, quantity}]
  staff_id    uuid,
  shipped_at  timestamptz not null,
  primary key (merchant_id, shipment_id)
);
select distribute('shipments', 'merchant_id');
alter table shipments add constraint shipments_order
  foreign key (merchant_id, order_id) references orders (merchant_id, order_id);
create index shipments_by_order on shipments (merchant_id, order_id);

-- Places many orders of one merchant: looks for repeats of a key, guards and holds the pools, writes orders,
-- lines and facts. One call, one commit. Arrays are parallel; p_l_* are the lines, an order's lines of one
-- pool added up. Outcomes per order: held (placed), retry, short (see hold_stock), repeat (its key was used
-- before: the stored order and hash come back for the caller to compare).
create function place_orders(
  p_merchant_id uuid, p_now timestamptz, p_expires_at timestamptz, p_handlers text[],
  p_order_ids uuid[], p_order_nos text[], p_shopper_ids uuid[], p_keys text[], p_hashes bytea[],
  p_goods bigint[], p_freight bigint[], p_discount bigint[], p_total bigint[], p_adjustments text[],
  p_methods text[], p_deliveries text[], p_pickup_codes text[], p_remarks text[],
  p_store_ids uuid[], p_counter_ids uuid[], p_staff_ids uuid[], p_sharer_ids uuid[], p_attributions text[],
  p_fact_ids uuid[], p_facts text[],
  p_l_order_ids uuid[], p_l_line_ids uuid[], p_l_sku_ids uuid[], p_l_product_ids uuid[], p_l_pool_ids uuid[],
  p_l_titles text[], p_l_options text[], p_l_images text[], p_l_quantities int[], p_l_unit_prices bigint[],
  p_l_adjustments text[], p_l_totals bigint[]
) returns table (order_id uuid, outcome text, short_pools uuid[], known_order_id uuid, known_hash bytea)
language plpgsql as $$
declare
  v_new uuid[];
  v_held uuid[];
begin
  select coalesce(array_agg(w.id), '{}') into v_new
  from unnest(p_order_ids, p_shopper_ids, p_keys) as w (id, shopper_id, key)
  where not exists (
    select from orders o
    where o.merchant_id = p_merchant_id and o.shopper_id = w.shopper_id and o.idempotency_key = w.key);

  if cardinality(v_new) < cardinality(p_order_ids) then
    return query
    select w.id, 'repeat', null::uuid[], o.order_id, o.input_hash
    from unnest(p_order_ids, p_shopper_ids, p_keys) as w (id, shopper_id, key)
    join orders o on o.merchant_id = p_merchant_id and o.shopper_id = w.shopper_id and o.idempotency_key = w.key;
  end if;

  return query
  with wanted as (
    select array_agg(l.order_id order by l.place) as order_ids, array_agg(l.pool_id order by l.place) as pool_ids,
           array_agg(l.quantity order by l.place) as quantities
    from unnest(p_l_order_ids, p_l_pool_ids, p_l_quantities) with ordinality as l (order_id, pool_id, quantity, place)
    where l.order_id = any (v_new)
  )
  select h.reference_id, h.outcome, h.short_pools, null::uuid, null::bytea
  from wanted w, hold_stock(p_merchant_id, w.order_ids, w.pool_ids, w.quantities, p_expires_at) h;

  -- hold_stock wrote the holds of those it served: they are this call's winners.
  select coalesce(array_agg(distinct h.reference_id), '{}') into v_held
  from holds h where h.merchant_id = p_merchant_id and h.reference_id = any (v_new);
  if cardinality(v_held) = 0 then
    return;
  end if;

  insert into orders (merchant_id, order_id, order_no, shopper_id, goods_fen, freight_fen, discount_fen, total_fen,
    adjustments, delivery_method, delivery, pickup_code, remark, store_id, counter_id, staff_id, sharer_id,
    attribution, idempotency_key, input_hash, created_at, expires_at)
  select p_merchant_id, o.id, o.no, o.shopper_id, o.goods, o.freight, o.discount, o.total, o.adjustments::jsonb,
    o.method, o.delivery::jsonb, o.pickup_code, o.remark, o.store_id, o.counter_id, o.staff_id, o.sharer_id,
    o.attribution::jsonb, o.key, o.hash, p_now, p_expires_at
  from unnest(p_order_ids, p_order_nos, p_shopper_ids, p_keys, p_hashes, p_goods, p_freight, p_discount, p_total,
    p_adjustments, p_methods, p_deliveries, p_pickup_codes, p_remarks, p_store_ids, p_counter_ids, p_staff_ids,
    p_sharer_ids, p_attributions)
    as o (id, no, shopper_id, key, hash, goods, freight, discount, total, adjustments, method, delivery,
          pickup_code, remark, store_id, counter_id, staff_id, sharer_id, attribution)
  where o.id = any (v_held);

  insert into order_lines (merchant_id, order_id, line_id, sku_id, product_id, pool_id, title, option_values,
    image_url, quantity, unit_price_fen, subtotal_fen, adjustments, total_fen)
  select p_merchant_id, l.order_id, l.line_id, l.sku_id, l.product_id, l.pool_id, l.title, l.options::jsonb,
    l.image, l.quantity, l.unit_price, l.unit_price * l.quantity, l.adjustments::jsonb, l.total
  from unnest(p_l_order_ids, p_l_line_ids, p_l_sku_ids, p_l_product_ids, p_l_pool_ids, p_l_titles, p_l_options,
    p_l_images, p_l_quantities, p_l_unit_prices, p_l_adjustments, p_l_totals)
    as l (order_id, line_id, sku_id, product_id, pool_id, title, options, image, quantity, unit_price,
          adjustments, total)
  where l.order_id = any (v_held);

  perform emit_facts(p_merchant_id, 'order.placed', array_agg(f.fact_id), array_agg(f.payload), p_now, p_handlers)
  from unnest(p_order_ids, p_fact_ids, p_facts) as f (order_id, fact_id, payload)
  where f.order_id = any (v_held);
end $$;

grant execute on all functions in schema public to bihuan_app;
