-- Finance rooms: the day on which a transaction is booked, turnovers by day, months that are closed, what accounting
-- software calls our accounts, and the runs of `bihuan verify`.

-- occurred_at stays the time of the business. booked_on is the day of the book (Asia/Shanghai): the day of the
-- business, or the first open day where that day's month was closed already.
alter table ledger_transactions add column booked_on date;
alter table ledger_transactions alter column booked_on type date
  using ((occurred_at at time zone 'Asia/Shanghai')::date);
alter table ledger_transactions alter column booked_on set not null;
alter table ledger_entries add column booked_on date;
update ledger_entries e set booked_on = t.booked_on from ledger_transactions t
where t.merchant_id = e.merchant_id and t.transaction_id = e.transaction_id;
alter table ledger_entries alter column booked_on set not null;

-- A journal by day, whole or of one source: sources are few, and each is one range of this index.
create index ledger_transactions_by_day on ledger_transactions (merchant_id, source, booked_on, transaction_id);
-- An account's entries by day of the book. (ledger_entries_by_account keeps the order of posting, which is how
-- statements follow an account: what is booked late on an early day must not slip in behind their back.)
create index ledger_entries_by_day on ledger_entries (merchant_id, account, booked_on, transaction_id);
-- One statement of one function writes both, and nobody can update or delete either; a look at the parent for each
-- entry was a quarter of what posting costs. `bihuan verify` proves it (ledger.transactions_sum_to_zero).
alter table ledger_entries drop constraint ledger_entries_transaction;

-- What moved on each account each day: balances at any date, income by day and cash flow are sums of a few rows.
create table ledger_days (
  merchant_id uuid not null,
  account     text not null,
  day         date not null,
  debit_fen   bigint not null,
  credit_fen  bigint not null,              -- positive
  posted_at   timestamptz not null,         -- last
  primary key (merchant_id, account, day),
  check (debit_fen >= 0 and credit_fen >= 0)
) with (fillfactor = 50);
select distribute('ledger_days', 'merchant_id');
alter table ledger_days add constraint ledger_days_account
  foreign key (merchant_id, account) references ledger_accounts (merchant_id, account);
insert into ledger_days (merchant_id, account, day, debit_fen, credit_fen, posted_at)
select e.merchant_id, e.account, e.booked_on, coalesce(sum(e.amount_fen) filter (where e.amount_fen > 0), 0),
  coalesce(-sum(e.amount_fen) filter (where e.amount_fen < 0), 0), now()
from ledger_entries e group by e.merchant_id, e.account, e.booked_on;
create index ledger_days_by_posting on ledger_days (posted_at);  -- what verify has to look at again

-- The head of a book. Whoever posts locks it first, and so does whoever closes a month.
create table ledger_books (
  merchant_id    uuid primary key,
  closed_through date                       -- the last day that is closed; null: none
) with (fillfactor = 50);
select distribute('ledger_books', 'merchant_id');
insert into ledger_books (merchant_id) select distinct merchant_id from ledger_accounts;

-- What was closed and reopened, by whom and why. `balances` are those of the closed days: they stay as they were.
create table ledger_closings (
  merchant_id    uuid not null,
  closing_id     uuid not null,
  kind           text not null check (kind in ('close', 'reopen')),
  month          date not null check (month = date_trunc('month', month)),
  closed_through date,                      -- as this left it
  at             timestamptz not null,
  by_user_id     uuid not null,
  by_name        text not null,
  reason         text not null check (length(reason) <= 500),
  checklist      jsonb not null,
  balances       jsonb not null,            -- account -> fen at the end of closed_through
  primary key (merchant_id, closing_id),
  check (kind = 'close' or reason <> '')
);
select distribute('ledger_closings', 'merchant_id');

-- Posts many transactions to the books of many merchants; returns how many were new. Arrays are parallel; p_e_places
-- says to which transaction (counted from 1) an entry belongs. A (source, source_id) that a book has posts nothing.
-- Raises for what does not balance, an unknown account, a transaction without entries.
--
-- p_booked: the day of the book that a person chose; null for a fact, which is booked on its own day, or on the first
-- open day if that is closed. A chosen day that is closed raises (constraint ledger_period_open).
--
-- The heads of the books are locked in the order of merchants: a caller that posts twice in one transaction asks for
-- no further lock the second time, so two callers cannot deadlock here.
--
-- Planned once, for arrays of any size: without nested loops every join is by hash, and without sequential scans a
-- plan made while the tables were empty goes by their indexes. Three statements in all.
drop function ledger_post;
drop function ledger_post_books;
create function ledger_post_books(
  p_now timestamptz, p_merchant_ids uuid[], p_ids uuid[], p_sources text[], p_source_ids uuid[],
  p_descriptions text[], p_occurred timestamptz[], p_e_places int[], p_e_accounts text[], p_e_amounts bigint[],
  p_booked date[] default null
) returns int language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan set enable_nestloop = off set enable_mergejoin = off
set enable_seqscan = off set jit = off
as $$
declare
  v_count int := cardinality(p_ids);
  v_balanced int;
  v_unbalanced int;
  v_merchants uuid[];
  v_books uuid[];
  v_closed date[];
  v_unknown text;
  v_posted int;
  v_matched int;
  v_refused date;
begin
  if array_position(p_merchant_ids, null) is not null
      or not v_count = all (array[cardinality(p_merchant_ids), cardinality(p_sources), cardinality(p_source_ids),
        cardinality(p_descriptions), cardinality(p_occurred), coalesce(cardinality(p_booked), v_count)])
      or not cardinality(p_e_places) = all (array[cardinality(p_e_accounts), cardinality(p_e_amounts)]) then
    raise exception 'ledger_post: arrays of different lengths' using errcode = 'check_violation';
  end if;
  select count(*) filter (where s.fits), count(*) filter (where not s.fits) into v_balanced, v_unbalanced
  from (select coalesce(e.place between 1 and v_count and count(*) >= 2 and count(*) = count(e.amount)
                        and sum(e.amount) = 0, false) as fits
        from unnest(p_e_places, p_e_amounts) as e (place, amount) group by e.place) s;
  if v_balanced <> v_count or v_unbalanced > 0 then
    raise exception 'ledger_post: % of % transactions do not balance', v_count - v_balanced, v_count
      using errcode = 'check_violation';
  end if;
  if v_count = 0 then
    return 0;
  end if;
  select min(a.account) into v_unknown
  from (select distinct e.account from unnest(p_e_accounts) as e (account)) a
  where a.account is null or not exists (select from ledger_chart c where c.account = a.account);
  if v_unknown is not null or array_position(p_e_accounts, null) is not null then
    raise exception 'ledger_post: unknown account %', v_unknown using errcode = 'check_violation';
  end if;

  if p_merchant_ids[1] = all (p_merchant_ids) then
    v_merchants := p_merchant_ids[1:1];
  else
    v_merchants := array(select distinct m.id from unnest(p_merchant_ids) as m (id) order by m.id);
  end if;
  loop
    select array_agg(b.merchant_id), array_agg(b.closed_through) into v_books, v_closed
    from (select k.merchant_id, k.closed_through from ledger_books k where k.merchant_id = any (v_merchants)
          order by k.merchant_id for no key update) b;
    exit when cardinality(v_books) = cardinality(v_merchants);
    insert into ledger_books (merchant_id) select m.id from unnest(v_merchants) as m (id) order by m.id
    on conflict do nothing;
  end loop;

  with given as (
    select t.merchant_id, t.id, t.source, t.source_id, t.description, t.occurred_at, t.chosen, b.closed_through,
      t.place::int as place,
      coalesce(t.chosen, greatest((t.occurred_at at time zone 'Asia/Shanghai')::date, b.closed_through + 1)) as day
    from unnest(p_merchant_ids, p_ids, p_sources, p_source_ids, p_descriptions, p_occurred,
        coalesce(p_booked, array_fill(null::date, array[v_count]))) with ordinality
      as t (merchant_id, id, source, source_id, description, occurred_at, chosen, place)
    join unnest(v_books, v_closed) as b (merchant_id, closed_through) on b.merchant_id = t.merchant_id
  ), inserted as (
    insert into ledger_transactions (merchant_id, transaction_id, source, source_id, description, occurred_at,
      posted_at, booked_on)
    select g.merchant_id, g.id, g.source, g.source_id, g.description, g.occurred_at, p_now, g.day from given g
    on conflict (merchant_id, source, source_id) do nothing
    returning merchant_id, transaction_id
  ), new as (
    select g.merchant_id, g.id, g.day, g.place, g.chosen, g.closed_through from inserted i
    join given g on g.merchant_id = i.merchant_id and g.id = i.transaction_id
  ), new_entries as (
    select n.merchant_id, n.id, n.day, e.line, e.account, e.amount
    from (select p.place, p.account, p.amount, row_number() over (partition by p.place order by p.at) as line
          from unnest(p_e_places, p_e_accounts, p_e_amounts) with ordinality as p (place, account, amount, at)) e
    join new n on n.place = e.place
  ), written as (
    insert into ledger_entries (merchant_id, transaction_id, line, account, amount_fen, booked_on)
    select n.merchant_id, n.id, n.line::int, n.account, n.amount, n.day from new_entries n
  ), sums as (
    select n.merchant_id, n.account, n.day, coalesce(sum(n.amount) filter (where n.amount > 0), 0)::bigint as debit,
      coalesce(-sum(n.amount) filter (where n.amount < 0), 0)::bigint as credit
    from new_entries n group by n.merchant_id, n.account, n.day
  ), accounts as (
    select s.merchant_id, s.account, sum(s.debit - s.credit)::bigint as amount from sums s
    group by s.merchant_id, s.account
  ), opened as (
    insert into ledger_accounts (merchant_id, account, kind, opened_at)
    select a.merchant_id, a.account, c.kind, p_now from accounts a join ledger_chart c on c.account = a.account
    on conflict do nothing
  ), of_day as (
    insert into ledger_days as d (merchant_id, account, day, debit_fen, credit_fen, posted_at)
    select s.merchant_id, s.account, s.day, s.debit, s.credit, p_now from sums s
    on conflict (merchant_id, account, day) do update set debit_fen = d.debit_fen + excluded.debit_fen,
      credit_fen = d.credit_fen + excluded.credit_fen, posted_at = greatest(d.posted_at, excluded.posted_at)
  ), balanced as (
    insert into ledger_balances as b (merchant_id, account, balance_fen)
    select a.merchant_id, a.account, a.amount from accounts a
    on conflict (merchant_id, account) do update set balance_fen = b.balance_fen + excluded.balance_fen
  )
  select (select count(*) from inserted), count(*), min(n.chosen) filter (where n.chosen <= n.closed_through)
    into v_posted, v_matched, v_refused from new n;
  if v_matched <> v_posted then
    raise exception 'ledger_post: an id is given twice' using errcode = 'check_violation';
  end if;
  if v_refused is not null then
    raise exception 'ledger_post: % lies in a closed month', v_refused
      using errcode = 'check_violation', constraint = 'ledger_period_open', detail = v_refused::text;
  end if;
  return v_posted;
end $$;

-- The same for one book.
create function ledger_post(
  p_merchant_id uuid, p_now timestamptz, p_ids uuid[], p_sources text[], p_source_ids uuid[],
  p_descriptions text[], p_occurred timestamptz[], p_e_places int[], p_e_accounts text[], p_e_amounts bigint[],
  p_booked date[] default null
) returns int language plpgsql as $$
begin
  return ledger_post_books(p_now, array_fill(p_merchant_id, array[cardinality(p_ids)]), p_ids, p_sources,
    p_source_ids, p_descriptions, p_occurred, p_e_places, p_e_accounts, p_e_amounts, p_booked);
end $$;

-- Closes a book to the end of a month, and with it whatever is before; false when that is closed already. It waits
-- for the postings under way, and those that come later wait for it.
create function ledger_close(
  p_merchant_id uuid, p_month date, p_now timestamptz, p_closing_id uuid, p_by uuid, p_by_name text, p_checklist jsonb
) returns boolean language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_through date := (date_trunc('month', p_month) + interval '1 month - 1 day')::date;
  v_closed date;
begin
  insert into ledger_books (merchant_id) values (p_merchant_id) on conflict do nothing;
  select closed_through into v_closed from ledger_books where merchant_id = p_merchant_id for no key update;
  if v_closed >= v_through then
    return false;
  end if;
  update ledger_books set closed_through = v_through where merchant_id = p_merchant_id;
  insert into ledger_closings (merchant_id, closing_id, kind, month, closed_through, at, by_user_id, by_name, reason,
    checklist, balances)
  select p_merchant_id, p_closing_id, 'close', date_trunc('month', p_month)::date, v_through, p_now, p_by, p_by_name, '',
    p_checklist, coalesce(jsonb_object_agg(s.account, s.fen), '{}')
  from (select d.account, sum(d.debit_fen - d.credit_fen)::bigint as fen from ledger_days d
        where d.merchant_id = p_merchant_id and d.day <= v_through group by d.account) s;
  return true;
end $$;

-- Opens a month again, and with it whatever is after; false when it is open.
create function ledger_reopen(
  p_merchant_id uuid, p_month date, p_now timestamptz, p_closing_id uuid, p_by uuid, p_by_name text,
  p_reason text
) returns boolean language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_first date := date_trunc('month', p_month)::date;
  v_closed date;
  v_through date;
begin
  select closed_through into v_closed from ledger_books where merchant_id = p_merchant_id for no key update;
  if v_closed is null or v_closed < v_first then
    return false;
  end if;
  select case when exists (select from ledger_days d where d.merchant_id = p_merchant_id and d.day < v_first)
    then v_first - 1 end into v_through;
  update ledger_books set closed_through = v_through where merchant_id = p_merchant_id;
  insert into ledger_closings (merchant_id, closing_id, kind, month, closed_through, at, by_user_id, by_name, reason,
    checklist, balances)
  select p_merchant_id, p_closing_id, 'reopen', v_first, v_through, p_now, p_by, p_by_name, p_reason, '[]',
    coalesce(jsonb_object_agg(s.account, s.fen), '{}')
  from (select d.account, sum(d.debit_fen - d.credit_fen)::bigint as fen from ledger_days d
        where d.merchant_id = p_merchant_id and d.day <= v_through group by d.account) s;
  return true;
end $$;

revoke insert, update, delete on ledger_days, ledger_books, ledger_closings from bihuan_app;
revoke execute on function ledger_post, ledger_post_books, ledger_close, ledger_reopen from public;
grant execute on function ledger_post, ledger_post_books, ledger_close, ledger_reopen to bihuan_app;

-- What a merchant's accounting software calls our accounts.
create table ledger_account_codes (
  merchant_id uuid not null,
  account     text not null,
  code        text not null check (code ~ '^[0-9A-Za-z._-]{1,30}$'),
  name        text not null check (length(name) between 1 and 100),
  updated_at  timestamptz not null,
  primary key (merchant_id, account)
);
select distribute('ledger_account_codes', 'merchant_id');
alter table ledger_account_codes add constraint ledger_account_codes_chart
  foreign key (account) references ledger_chart (account);

-- Runs of the invariants on live data: each night, and when an operator asks.
create table verify_runs (
  run_id      uuid primary key,
  cause       text not null check (cause in ('night', 'person')),
  scope       text not null check (scope in ('whole', 'recent')),
  asked_by    uuid,
  asked_at    timestamptz not null,
  started_at  timestamptz,
  finished_at timestamptz,
  state       text not null check (state in ('asked', 'running', 'held', 'failed', 'unfinished', 'broken')),
  since       timestamptz,                  -- recent: what was written from here on
  findings    jsonb not null default '[]',
  seen_at     timestamptz,                  -- an operator took note of a failure
  seen_by     uuid
);
select distribute('verify_runs');
create index verify_runs_latest on verify_runs (asked_at desc);
create index verify_runs_open on verify_runs (asked_at) where state in ('asked', 'running');
