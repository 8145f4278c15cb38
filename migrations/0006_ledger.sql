-- The ledger: one double-entry book per merchant, append-only, written by ledger_post() alone.

-- The accounts that a book can have. Amounts: debit positive, credit negative.
create table ledger_chart (
  account  text primary key,
  kind     text not null,
  position int not null
);
select distribute('ledger_chart');
alter table ledger_chart add constraint ledger_chart_kind
  check (kind in ('asset', 'liability', 'income', 'expense', 'clearing'));
insert into ledger_chart (position, account, kind) values
  (10, 'wechat_clearing', 'asset'),         -- what WeChat Pay holds for the merchant
  (20, 'receipts', 'liability'),            -- received, not yet applied to what it was paid for
  (30, 'refunds_payable', 'liability'),     -- to be given back, WeChat has not done it yet
  (40, 'wallet_liability', 'liability'),
  (50, 'commission_payable', 'liability'),
  (60, 'merchant_payable', 'liability'),
  (70, 'sales', 'income'),
  (80, 'freight', 'income'),
  (90, 'discounts', 'expense'),
  (100, 'refunds', 'expense'),
  (110, 'payment_fees', 'expense'),
  (120, 'platform_fee', 'expense'),
  (130, 'interbook_clearing', 'clearing');  -- paired with another merchant's book

-- A merchant's book: opened whole with its first posting, extended when the chart grew.
create table ledger_accounts (
  merchant_id uuid not null,
  account     text not null,
  kind        text not null,
  opened_at   timestamptz not null,
  primary key (merchant_id, account)
);
select distribute('ledger_accounts', 'merchant_id');
alter table ledger_accounts add constraint ledger_accounts_chart
  foreign key (account) references ledger_chart (account);

create table ledger_balances (
  merchant_id uuid not null,
  account     text not null,
  balance_fen bigint not null default 0,
  primary key (merchant_id, account)
) with (fillfactor = 50);                   -- the hottest rows of all: room for updates in place
select distribute('ledger_balances', 'merchant_id');
alter table ledger_balances add constraint ledger_balances_account
  foreign key (merchant_id, account) references ledger_accounts (merchant_id, account);

create table ledger_transactions (
  merchant_id    uuid not null,
  transaction_id uuid not null,
  source         text not null,
  source_id      uuid not null,
  description    text not null,
  occurred_at    timestamptz not null,      -- when the business happened
  posted_at      timestamptz not null,      -- when it was written here
  primary key (merchant_id, transaction_id)
);
select distribute('ledger_transactions', 'merchant_id');
alter table ledger_transactions add constraint ledger_transactions_source
  unique (merchant_id, source, source_id);
alter table ledger_transactions add constraint ledger_transactions_source_form
  check (source ~ '^[a-z][a-z_]{0,39}$');
alter table ledger_transactions add constraint ledger_transactions_description
  check (length(description) <= 200);

create table ledger_entries (
  merchant_id    uuid not null,
  transaction_id uuid not null,
  line           int not null,
  account        text not null,
  amount_fen     bigint not null,
  primary key (merchant_id, transaction_id, line)
);
select distribute('ledger_entries', 'merchant_id');
alter table ledger_entries add constraint ledger_entries_transaction
  foreign key (merchant_id, transaction_id) references ledger_transactions (merchant_id, transaction_id);
alter table ledger_entries add constraint ledger_entries_amount check (amount_fen <> 0);
create index ledger_entries_by_account on ledger_entries (merchant_id, account, transaction_id);

-- Posts many transactions of one merchant; returns how many were new. p_e_places says to which transaction
-- (counted from 1) an entry belongs; the other arrays are parallel. A (source, source_id) that was posted
-- before posts nothing. Raises for what does not balance, an unknown account, a transaction without entries.
--
-- The book's balances are locked whole, in the order of their accounts: a caller that posts twice in one
-- transaction asks for no further lock the second time, so two callers cannot deadlock here.
create function ledger_post(
  p_merchant_id uuid, p_now timestamptz, p_ids uuid[], p_sources text[], p_source_ids uuid[],
  p_descriptions text[], p_occurred timestamptz[], p_e_places int[], p_e_accounts text[], p_e_amounts bigint[]
) returns int language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_bad int;
  v_unknown text;
  v_new uuid[];
begin
  if p_merchant_id is null or not cardinality(p_ids) = all (array[cardinality(p_sources), cardinality(p_source_ids),
      cardinality(p_descriptions), cardinality(p_occurred)])
      or not cardinality(p_e_places) = all (array[cardinality(p_e_accounts), cardinality(p_e_amounts)]) then
    raise exception 'ledger_post: arrays of different lengths' using errcode = 'check_violation';
  end if;
  select count(*) into v_bad from (
    select g.place from generate_series(1, cardinality(p_ids)) as g (place)
    left join unnest(p_e_places, p_e_amounts) as e (place, amount) on e.place = g.place
    group by g.place having count(e.place) < 2 or sum(e.amount) <> 0) unbalanced;
  if v_bad > 0 or exists (
      select from unnest(p_e_places, p_e_amounts) as e (place, amount)
      where e.place is null or e.amount is null or e.place not between 1 and cardinality(p_ids)) then
    raise exception 'ledger_post: % of % transactions do not balance', v_bad, cardinality(p_ids)
      using errcode = 'check_violation';
  end if;

  with wanted as (
    select distinct a.account from unnest(p_e_accounts) as a (account)
  ), missing as (
    select w.account from wanted w where not exists (
      select from ledger_balances b where b.merchant_id = p_merchant_id and b.account = w.account)
  ), opened as (
    insert into ledger_accounts (merchant_id, account, kind, opened_at)
    select p_merchant_id, c.account, c.kind, p_now from ledger_chart c
    where exists (select from missing) order by c.account
    on conflict do nothing
  )
  select m.account into v_unknown from missing m
  where not exists (select from ledger_chart c where c.account = m.account) limit 1;
  if v_unknown is not null then
    raise exception 'ledger_post: unknown account %', v_unknown using errcode = 'check_violation';
  end if;
  insert into ledger_balances (merchant_id, account)
  select a.merchant_id, a.account from ledger_accounts a
  where a.merchant_id = p_merchant_id and not exists (
    select from ledger_balances b where b.merchant_id = a.merchant_id and b.account = a.account)
  order by a.account on conflict do nothing;

  perform 1 from ledger_balances b where b.merchant_id = p_merchant_id order by b.account for no key update;

  with inserted as (
    insert into ledger_transactions (merchant_id, transaction_id, source, source_id, description, occurred_at, posted_at)
    select p_merchant_id, t.id, t.source, t.source_id, t.description, t.occurred_at, p_now
    from unnest(p_ids, p_sources, p_source_ids, p_descriptions, p_occurred)
      as t (id, source, source_id, description, occurred_at)
    on conflict (merchant_id, source, source_id) do nothing
    returning transaction_id
  )
  select coalesce(array_agg(i.transaction_id), '{}') into v_new from inserted i;
  if cardinality(v_new) = 0 then
    return 0;
  end if;

  with new_entries as (
    select t.id, e.line, e.account, e.amount
    from unnest(p_e_places, p_e_accounts, p_e_amounts) with ordinality as e (place, account, amount, line)
    join unnest(p_ids) with ordinality as t (id, place) on t.place = e.place
    where t.id = any (v_new)
  ), written as (
    insert into ledger_entries (merchant_id, transaction_id, line, account, amount_fen)
    select p_merchant_id, n.id, (row_number() over (partition by n.id order by n.line))::int, n.account, n.amount
    from new_entries n
  ), sums as (
    select n.account, sum(n.amount)::bigint as amount from new_entries n group by n.account
  )
  update ledger_balances b set balance_fen = b.balance_fen + s.amount
  from sums s where b.merchant_id = p_merchant_id and b.account = s.account;
  return cardinality(v_new);
end $$;

-- Closed to the application: it reads, and writes by ledger_post() alone. Nobody updates or deletes.
revoke insert, update, delete on ledger_chart, ledger_accounts, ledger_balances, ledger_transactions, ledger_entries
  from bihuan_app;
revoke execute on function ledger_post from public;
grant execute on function ledger_post to bihuan_app;
