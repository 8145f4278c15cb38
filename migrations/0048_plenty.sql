-- hold_stock() as before (see 0007), with a short way for the rule: where every pool has enough for all who ask, nobody
-- has to be weighed against anybody. What the locked rows say is what the last holder of the locks committed.
create or replace function hold_stock(
  p_merchant_id uuid, p_references uuid[], p_pool_ids uuid[], p_quantities int[], p_expires_at timestamptz
) returns table (reference_id uuid, outcome text, short_pools uuid[])
language plpgsql as $$
declare
  v_plenty boolean;
begin
  with locked as materialized (
    select p.pool_id, p.available from pools p
    where p.merchant_id = p_merchant_id and p.pool_id = any (p_pool_ids)
    order by p.pool_id for no key update
  )
  select count(l.pool_id) = count(*) and bool_and(l.available >= w.quantity) into v_plenty
  from (select u.pool_id, sum(u.quantity) as quantity from unnest(p_pool_ids, p_quantities) as u (pool_id, quantity)
        group by u.pool_id) w
  left join locked l on l.pool_id = w.pool_id;

  if v_plenty then
    update pools p set available = p.available - w.quantity, held = p.held + w.quantity
    from (select u.pool_id, sum(u.quantity)::int as quantity
          from unnest(p_pool_ids, p_quantities) as u (pool_id, quantity) group by u.pool_id) w
    where p.merchant_id = p_merchant_id and p.pool_id = w.pool_id;
    insert into holds (merchant_id, reference_id, pool_id, quantity, expires_at)
    select p_merchant_id, u.reference_id, u.pool_id, u.quantity, p_expires_at
    from unnest(p_references, p_pool_ids, p_quantities) as u (reference_id, pool_id, quantity);
    return query select distinct u.reference_id, 'held', null::uuid[] from unnest(p_references) as u (reference_id);
    return;
  end if;

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
