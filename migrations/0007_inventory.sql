-- Whatever is limited is a pool. A hold takes from a pool until it is confirmed or released.

create table pools (
  merchant_id uuid not null,
  pool_id     uuid not null,
  kind        text not null check (kind in ('stock')),
  subject_id  uuid not null,                 -- of stock: the SKU
  location_id uuid not null,                 -- of stock: the warehouse or store where it lies
  available   int not null default 0 check (available >= 0),
  held        int not null default 0 check (held >= 0),
  sold        int not null default 0 check (sold >= 0),
  primary key (merchant_id, pool_id)
) with (fillfactor = 70);                    -- room for updates that need no index entry
select distribute('pools', 'merchant_id');
create unique index pools_by_subject on pools (merchant_id, kind, subject_id, location_id)
  include (pool_id);

-- One per pool and reference (an order): lines of one item are added up before.
create table holds (
  merchant_id  uuid not null,
  reference_id uuid not null,
  pool_id      uuid not null,
  quantity     int not null check (quantity > 0),
  state        text not null default 'open' check (state in ('open', 'confirmed', 'released')),
  expires_at   timestamptz not null,
  primary key (merchant_id, reference_id, pool_id)
) with (fillfactor = 85);
select distribute('holds', 'merchant_id');
create index holds_open on holds (merchant_id, pool_id) where state = 'open';

-- Why stock changed without a sale.
create table stock_adjustments (
  merchant_id   uuid not null,
  adjustment_id uuid not null,
  pool_id       uuid not null,
  delta         int not null check (delta <> 0),
  reason        text not null,
  staff_id      uuid,
  adjusted_at   timestamptz not null,
  primary key (merchant_id, adjustment_id)
);
select distribute('stock_adjustments', 'merchant_id');
create index stock_adjustments_by_pool on stock_adjustments (merchant_id, pool_id, adjustment_id);

-- Tries to hold quantities for many references (orders) at once; the arrays are parallel and in order of arrival.
-- A reference is held whole or not at all. Outcomes:
--   held   all its pools had enough for it and for those before it
--   retry  it would fit alone and lost to its neighbours of this call: ask again
--   short  a pool has too little even for it alone; short_pools names them
-- Pools are locked in the order of their ids, so that two callers cannot deadlock; the second statement then
-- sees what the last holder of the locks committed.
create function hold_stock(
  p_merchant_id uuid, p_references uuid[], p_pool_ids uuid[], p_quantities int[], p_expires_at timestamptz
) returns table (reference_id uuid, outcome text, short_pools uuid[])
language plpgsql as $$
begin
  perform 1 from pools p
  where p.merchant_id = p_merchant_id and p.pool_id = any (p_pool_ids)
  order by p.pool_id for no key update;

  return query
  with wanted as (
    select w.reference_id, w.pool_id, w.quantity, w.place, p.available
    from unnest(p_references, p_pool_ids, p_quantities) with ordinality as w (reference_id, pool_id, quantity, place)
    join pools p on p.merchant_id = p_merchant_id and p.pool_id = w.pool_id
  ), alone as (
    select w.reference_id, array_agg(w.pool_id) filter (where w.quantity > w.available) as short_pools
    from wanted w group by w.reference_id
  ), counted as (
    select w.*, sum(w.quantity) over (partition by w.pool_id order by w.place) as up_to
    from wanted w join alone a on a.reference_id = w.reference_id and a.short_pools is null
  ), fitting as (
    select c.reference_id from counted c group by c.reference_id having bool_and(c.up_to <= c.available)
  ), taken as (
    select c.pool_id, sum(c.quantity)::int as quantity
    from counted c join fitting f on f.reference_id = c.reference_id group by c.pool_id
  ), updated as (
    update pools p set available = p.available - t.quantity, held = p.held + t.quantity
    from taken t where p.merchant_id = p_merchant_id and p.pool_id = t.pool_id
  ), inserted as (
    insert into holds (merchant_id, reference_id, pool_id, quantity, expires_at)
    select p_merchant_id, c.reference_id, c.pool_id, c.quantity, p_expires_at
    from counted c join fitting f on f.reference_id = c.reference_id
  )
  select a.reference_id,
         case when f.reference_id is not null then 'held' when a.short_pools is null then 'retry' else 'short' end,
         a.short_pools
  from alone a left join fitting f on f.reference_id = a.reference_id;
end $$;

-- Ends the open holds of many references: sold (confirmed) or given back (released).
-- Returns the references that had open holds; a repeat finds none and changes nothing.
create function end_holds(p_merchant_id uuid, p_references uuid[], p_state text)
returns setof uuid language plpgsql as $$
begin
  perform 1 from pools p
  where p.merchant_id = p_merchant_id and p.pool_id in (
    select h.pool_id from holds h
    where h.merchant_id = p_merchant_id and h.reference_id = any (p_references) and h.state = 'open')
  order by p.pool_id for no key update;

  return query
  with ended as (
    update holds h set state = p_state
    where h.merchant_id = p_merchant_id and h.reference_id = any (p_references) and h.state = 'open'
    returning h.reference_id, h.pool_id, h.quantity
  ), totals as (
    select e.pool_id, sum(e.quantity)::int as quantity from ended e group by e.pool_id
  ), updated as (
    update pools p set
      held = p.held - t.quantity,
      sold = p.sold + case when p_state = 'confirmed' then t.quantity else 0 end,
      available = p.available + case when p_state = 'released' then t.quantity else 0 end
    from totals t where p.merchant_id = p_merchant_id and p.pool_id = t.pool_id
  )
  select distinct e.reference_id from ended e;
end $$;

-- Sells to references whose holds were released (a payment that came late), whole or not at all:
-- returns those that were served.
create function sell_released(p_merchant_id uuid, p_reference_id uuid)
returns boolean language plpgsql as $$
declare
  fits boolean;
begin
  perform 1 from pools p
  where p.merchant_id = p_merchant_id and p.pool_id in (
    select h.pool_id from holds h where h.merchant_id = p_merchant_id and h.reference_id = p_reference_id)
  order by p.pool_id for no key update;

  select coalesce(bool_and(h.state = 'released' and p.available >= h.quantity), false) into fits
  from holds h join pools p on p.merchant_id = h.merchant_id and p.pool_id = h.pool_id
  where h.merchant_id = p_merchant_id and h.reference_id = p_reference_id;
  if not fits then
    return false;
  end if;

  update pools p set available = p.available - h.quantity, sold = p.sold + h.quantity
  from holds h
  where h.merchant_id = p_merchant_id and h.reference_id = p_reference_id
    and p.merchant_id = h.merchant_id and p.pool_id = h.pool_id;
  update holds h set state = 'confirmed'
  where h.merchant_id = p_merchant_id and h.reference_id = p_reference_id;
  return true;
end $$;

grant execute on all functions in schema public to bihuan_app;
