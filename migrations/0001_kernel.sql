-- The ground that every module stands on: roles, distribution, facts and their deliveries,
-- idempotency keys, periodic jobs.

-- The application connects and then acts as bihuan_app: it owns nothing, so what a module closes to it
-- (the ledger's entries, for one) is closed however the application is tricked.
do $$ begin
  if not exists (select from pg_roles where rolname = 'bihuan_app') then
    create role bihuan_app nologin;
  end if;
end $$;
grant bihuan_app to current_user;
grant usage on schema public to bihuan_app;
alter default privileges in schema public grant select, insert, update, delete on tables to bihuan_app;
alter default privileges in schema public grant usage, select on sequences to bihuan_app;
alter default privileges in schema public grant execute on functions to bihuan_app;

-- Nothing on plain PostgreSQL; on Citus, the table becomes a distributed or a reference table.
-- A migration creates a table, calls this at once, and adds foreign keys afterwards, one per statement.
create function distribute(p_table text, p_column text default null) returns void
language plpgsql as $$
begin
  if exists (select from pg_extension where extname = 'citus') then
    if p_column is null then
      execute format('select create_reference_table(%L)', p_table);
    else
      execute format('select create_distributed_table(%L, %L)', p_table, p_column);
    end if;
  end if;
end $$;

-- Facts: what happened, written in the transaction that made it so.
create table facts (
  merchant_id uuid not null,
  fact_id     uuid not null,
  kind        text not null,
  payload     jsonb not null,
  occurred_at timestamptz not null,
  primary key (merchant_id, fact_id)
);
select distribute('facts', 'merchant_id');
create index facts_by_kind on facts (merchant_id, kind, fact_id);

-- One row per fact and handler that has yet to run; gone when it has. No foreign key to facts:
-- emit_facts() writes both in one statement and nothing deletes a fact.
create table deliveries (
  merchant_id  uuid not null,
  handler      text not null,
  fact_id      uuid not null,
  attempts     int not null default 0,
  available_at timestamptz not null,
  error        text,
  parked_at    timestamptz,
  primary key (merchant_id, handler, fact_id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0.5, fillfactor = 90);
select distribute('deliveries', 'merchant_id');
create index deliveries_parked on deliveries (merchant_id, parked_at) where parked_at is not null;

-- Writes facts of one kind and a delivery for each of their handlers, and wakes the worker.
-- Arrays are parallel. PostgreSQL folds equal notifications of one transaction into one.
create function emit_facts(
  p_merchant_id uuid, p_kind text, p_fact_ids uuid[], p_payloads text[], p_at timestamptz, p_handlers text[]
) returns void language sql as $$
  insert into facts (merchant_id, fact_id, kind, payload, occurred_at)
  select p_merchant_id, f.fact_id, p_kind, f.payload::jsonb, p_at
  from unnest(p_fact_ids, p_payloads) as f (fact_id, payload);
  insert into deliveries (merchant_id, handler, fact_id, available_at)
  select p_merchant_id, h.handler, f.fact_id, p_at
  from unnest(p_fact_ids) as f (fact_id) cross join unnest(p_handlers) as h (handler);
  select pg_notify('bihuan_facts', '') where cardinality(p_handlers) > 0;
$$;

-- External commands: the first answer to a key is the answer to each repeat of it.
create table idempotency_keys (
  merchant_id uuid not null,
  actor       text not null,      -- who sent it: 'shopper:<id>', 'staff:<id>'
  key         text not null,
  operation   text not null,
  input_hash  bytea not null,
  status      int,                -- null while the first one runs
  response    bytea,
  created_at  timestamptz not null,
  primary key (merchant_id, actor, key)
);
select distribute('idempotency_keys', 'merchant_id');
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Local tables of one server: schedules and signs of life.
create table periodic_jobs (
  name        text primary key,
  next_run_at timestamptz not null,
  last_run_at timestamptz,
  last_error  text,
  failures    int not null default 0
);
create table heartbeats (
  name    text primary key,
  beat_at timestamptz not null,
  detail  jsonb not null default '{}'
);

-- Secrets of merchants (keys of WeChat Pay, app secrets), readable only with the master key.
create table sealed_secrets (
  merchant_id uuid not null,
  name        text not null,
  ciphertext  bytea not null,     -- AES-256-GCM under the master key, bound to merchant and name
  updated_at  timestamptz not null,
  primary key (merchant_id, name)
);
select distribute('sealed_secrets', 'merchant_id');

grant select, insert, update, delete on all tables in schema public to bihuan_app;
grant execute on all functions in schema public to bihuan_app;
