-- place_orders() with less said by each order: what is the same for all (no freight, no discount, nothing adjusted,
-- shipped) is left out and filled in here; a batch that is served whole, which is the rule, is told so in one row; and
-- the version of the catalogue that it was priced by is proved here, so that nobody reads it before.

-- Whether the merchant's catalogue is of this version still. The face of the catalogue inside placement's statement.
create function is_catalog_version(p_merchant_id uuid, p_version uuid) returns boolean language sql stable
as $$
  select p_version is not distinct from (select v.version from catalog_versions v where v.merchant_id = p_merchant_id)
$$;

-- Outcomes: those of hold_stock() (see 0007), and
--   repeat  the key has an order: known_order_id, and known_hash of what was asked for
--   stale   alone, without an order: the catalogue has changed since the batch was priced, and nothing was placed
-- One row of `held` without an order says that all are.
drop function place_orders;
create function place_orders(
  p_merchant_id uuid, p_now timestamptz, p_expires_at timestamptz, p_handlers text[], p_catalog_version uuid,
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
  v_known uuid[];
  v_known_ids uuid[];
  v_known_hashes bytea[];
  v_line_orders uuid[] := p_l_order_ids;
  v_line_pools uuid[] := p_l_pool_ids;
  v_line_quantities int[] := p_l_quantities;
  v_tried uuid[];
  v_outcomes text[];
  v_short text[];
  v_held uuid[];
  v_whole boolean;
begin
  if not is_catalog_version(p_merchant_id, p_catalog_version) then
    return query select null::uuid, 'stale', null::uuid[], null::uuid, null::bytea;
    return;
  end if;

  select array_agg(f.id), array_agg(f.order_id), array_agg(f.input_hash)
    into v_known, v_known_ids, v_known_hashes
  from find_placed(p_merchant_id, p_order_ids, p_shopper_ids, p_keys) f;

  if v_known is not null then
    return query
    select k.id, 'repeat', null::uuid[], k.known_id, k.hash
    from unnest(v_known, v_known_ids, v_known_hashes) as k (id, known_id, hash);
    select array_agg(l.order_id order by l.place), array_agg(l.pool_id order by l.place),
           array_agg(l.quantity order by l.place)
      into v_line_orders, v_line_pools, v_line_quantities
    from unnest(p_l_order_ids, p_l_pool_ids, p_l_quantities) with ordinality
      as l (order_id, pool_id, quantity, place)
    where l.order_id <> all (v_known);
    if v_line_orders is null then
      return;
    end if;
  end if;

  select array_agg(h.reference_id), array_agg(h.outcome), array_agg(h.short_pools::text),
         array_agg(h.reference_id) filter (where h.outcome = 'held')
    into v_tried, v_outcomes, v_short, v_held
  from hold_stock(p_merchant_id, v_line_orders, v_line_pools, v_line_quantities, p_expires_at) h;
  v_whole := v_held is not null and cardinality(v_held) = cardinality(p_order_ids);
  if v_whole then
    return query select null::uuid, 'held', null::uuid[], null::uuid, null::bytea;
  else
    return query
    select d.id, d.outcome, d.short::uuid[], null::uuid, null::bytea
    from unnest(v_tried, v_outcomes, v_short) as d (id, outcome, short);
    if v_held is null then
      return;
    end if;
  end if;

  insert into orders (merchant_id, order_id, order_no, shopper_id, goods_fen, freight_fen, discount_fen, total_fen,
    adjustments, delivery_method, delivery, pickup_code, remark, store_id, counter_id, staff_id, sharer_id,
    attribution, idempotency_key, input_hash, created_at, expires_at)
  select p_merchant_id, o.id, o.no, o.shopper_id, o.goods, coalesce(o.freight, 0), coalesce(o.discount, 0), o.total,
    coalesce(o.adjustments::jsonb, '[]'), coalesce(o.method, 'ship'), o.delivery::jsonb, o.pickup_code, o.remark,
    o.store_id, o.counter_id, o.staff_id, o.sharer_id,
    o.attribution::jsonb, o.key, o.hash, p_now, p_expires_at
  from unnest(p_order_ids, p_order_nos, p_shopper_ids, p_keys, p_hashes, p_goods, p_freight, p_discount, p_total,
    p_adjustments, p_methods, p_deliveries, p_pickup_codes, p_remarks, p_store_ids, p_counter_ids, p_staff_ids,
    p_sharer_ids, p_attributions)
    as o (id, no, shopper_id, key, hash, goods, freight, discount, total, adjustments, method, delivery,
          pickup_code, remark, store_id, counter_id, staff_id, sharer_id, attribution)
  where v_whole or o.id = any (v_held);

  insert into order_lines (merchant_id, order_id, line_id, sku_id, product_id, pool_id, title, option_values,
    image_url, quantity, unit_price_fen, subtotal_fen, adjustments, total_fen)
  select p_merchant_id, l.order_id, l.line_id, l.sku_id, l.product_id, l.pool_id, l.title,
    coalesce(l.options::jsonb, '[]'), l.image, l.quantity, l.unit_price, l.unit_price * l.quantity, coalesce(l.adjustments::jsonb, '[]'), l.total
  from unnest(p_l_order_ids, p_l_line_ids, p_l_sku_ids, p_l_product_ids, p_l_pool_ids, p_l_titles, p_l_options,
    p_l_images, p_l_quantities, p_l_unit_prices, p_l_adjustments, p_l_totals)
    as l (order_id, line_id, sku_id, product_id, pool_id, title, options, image, quantity, unit_price,
          adjustments, total)
  where v_whole or l.order_id = any (v_held);

  if v_whole then
    perform emit_facts(p_merchant_id, 'order.placed', p_fact_ids, p_facts, p_now, p_handlers);
  else
    perform emit_facts(p_merchant_id, 'order.placed', array_agg(f.fact_id), array_agg(f.payload), p_now, p_handlers)
    from unnest(p_order_ids, p_fact_ids, p_facts) as f (order_id, fact_id, payload)
    where f.order_id = any (v_held);
  end if;
end $$;
