-- What happened before Bihuan, or elsewhere: orders of another system are brought in with their money.

-- Money that another provider collected: it never was at WeChat, and must not stand there in the books.
insert into ledger_chart (position, account, kind) values (15, 'external_clearing', 'asset');

-- A means of payment elsewhere bears its own name and has no account at WeChat Pay.
alter table payment_attempts drop constraint payment_attempts_method_check;
alter table payment_attempts add constraint payment_attempts_method_check check (
  method in ('wechat_jsapi', 'wechat_mini', 'wechat_native') or (mchid = '' and method ~ '^[a-z][a-z_]{0,39}$'));

-- ledger_post for transactions of many merchants, one merchant id each; the same promises: what does not
-- balance or names an unknown account raises, a (source, source_id) that a book has posts nothing again.
-- Books are locked in the order of merchant and account. An import posts a few transactions to each of a
-- thousand books: one call a book would cost more than all its rows.
create function ledger_post_books(
  p_now timestamptz, p_merchant_ids uuid[], p_ids uuid[], p_sources text[], p_source_ids uuid[],
  p_descriptions text[], p_occurred timestamptz[], p_e_places int[], p_e_accounts text[], p_e_amounts bigint[]
) returns int language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_custom_plan  -- sizes of arrays differ wildly; a generic plan would loop over them
as $$
declare
  v_bad int;
  v_unknown text;
  v_posted int;
begin
  if array_position(p_merchant_ids, null) is not null
      or not cardinality(p_ids) = all (array[cardinality(p_merchant_ids), cardinality(p_sources),
        cardinality(p_source_ids), cardinality(p_descriptions), cardinality(p_occurred)])
      or not cardinality(p_e_places) = all (array[cardinality(p_e_accounts), cardinality(p_e_amounts)]) then
    raise exception 'ledger_post_books: arrays of different lengths' using errcode = 'check_violation';
  end if;
  select count(*) into v_bad from (
    select g.place from generate_series(1, cardinality(p_ids)) as g (place)
    left join unnest(p_e_places, p_e_amounts) as e (place, amount) on e.place = g.place
    group by g.place having count(e.place) < 2 or sum(e.amount) <> 0) unbalanced;
  if v_bad > 0 or exists (
      select from unnest(p_e_places, p_e_amounts) as e (place, amount)
      where e.place is null or e.amount is null or e.place not between 1 and cardinality(p_ids)) then
    raise exception 'ledger_post_books: % of % transactions do not balance', v_bad, cardinality(p_ids)
      using errcode = 'check_violation';
  end if;
  if (select count(*) > count(distinct (t.merchant_id, t.id)) from unnest(p_merchant_ids, p_ids) as t (merchant_id, id)) then
    raise exception 'ledger_post_books: an id is given twice' using errcode = 'check_violation';
  end if;
  select a.account into v_unknown from unnest(p_e_accounts) as a (account)
  where not exists (select from ledger_chart c where c.account = a.account) limit 1;
  if found then
    raise exception 'ledger_post_books: unknown account %', v_unknown using errcode = 'check_violation';
  end if;

  -- only the accounts that are posted to; ledger_post opens the rest of a book when it first posts there
  with missing as (
    select distinct t.merchant_id, e.account
    from unnest(p_e_places, p_e_accounts) as e (place, account)
    join unnest(p_merchant_ids) with ordinality as t (merchant_id, place) on t.place = e.place
    where not exists (
      select from ledger_balances b where b.merchant_id = t.merchant_id and b.account = e.account)
  ), opened as (
    insert into ledger_accounts (merchant_id, account, kind, opened_at)
    select m.merchant_id, m.account, c.kind, p_now from missing m join ledger_chart c on c.account = m.account
    order by m.merchant_id, m.account on conflict do nothing
  )
  insert into ledger_balances (merchant_id, account)
  select m.merchant_id, m.account from missing m order by m.merchant_id, m.account on conflict do nothing;

  perform 1 from ledger_balances b where b.merchant_id in (select unnest(p_merchant_ids))
  order by b.merchant_id, b.account for no key update;

  with inserted as (
    insert into ledger_transactions (merchant_id, transaction_id, source, source_id, description, occurred_at, posted_at)
    select t.merchant_id, t.id, t.source, t.source_id, t.description, t.occurred_at, p_now
    from unnest(p_merchant_ids, p_ids, p_sources, p_source_ids, p_descriptions, p_occurred)
      as t (merchant_id, id, source, source_id, description, occurred_at)
    on conflict (merchant_id, source, source_id) do nothing
    returning merchant_id, transaction_id
  ), new_entries as (
    select i.merchant_id, i.transaction_id, e.line, e.account, e.amount
    from unnest(p_e_places, p_e_accounts, p_e_amounts) with ordinality as e (place, account, amount, line)
    join unnest(p_merchant_ids, p_ids) with ordinality as t (merchant_id, id, place) on t.place = e.place
    join inserted i on i.merchant_id = t.merchant_id and i.transaction_id = t.id
  ), written as (
    insert into ledger_entries (merchant_id, transaction_id, line, account, amount_fen)
    select n.merchant_id, n.transaction_id,
      (row_number() over (partition by n.merchant_id, n.transaction_id order by n.line))::int, n.account, n.amount
    from new_entries n
  ), sums as (
    select n.merchant_id, n.account, sum(n.amount)::bigint as amount from new_entries n
    group by n.merchant_id, n.account
  ), balanced as (
    update ledger_balances b set balance_fen = b.balance_fen + s.amount
    from sums s where b.merchant_id = s.merchant_id and b.account = s.account
  )
  select count(*) into v_posted from inserted;
  return v_posted;
end $$;

revoke execute on function ledger_post_books from public;
grant execute on function ledger_post_books to bihuan_app;
