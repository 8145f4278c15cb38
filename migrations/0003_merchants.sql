-- Merchants (the platform is one of them), their stores and counters, and the locations where stock lies.

create table merchants (
  merchant_id           uuid not null,
  code                  text not null,
  name                  text not null,
  intro                 text not null,
  logo_url              text,
  theme_color           text not null,
  state                 text not null,
  is_platform           boolean not null,
  freight_fen           bigint not null,
  freight_free_from_fen bigint,
  order_ttl_seconds     int not null,
  created_at            timestamptz not null,
  updated_at            timestamptz not null,
  primary key (merchant_id)
);
select distribute('merchants');
alter table merchants add constraint merchants_code_key unique (code);
alter table merchants add constraint merchants_code_form check (code ~ '^[a-z][a-z0-9-]{1,31}$');
alter table merchants add constraint merchants_state check (state in ('active', 'suspended'));
alter table merchants add constraint merchants_theme_color check (theme_color ~ '^#[0-9a-f]{6}$');
alter table merchants add constraint merchants_freight check (freight_fen >= 0);
alter table merchants add constraint merchants_freight_free_from check (freight_free_from_fen >= 0);
alter table merchants add constraint merchants_order_ttl check (order_ttl_seconds between 60 and 604800);
alter table merchants add constraint merchants_platform_is_active check (not is_platform or state = 'active');
create unique index merchants_one_platform on merchants (is_platform) where is_platform;

create table stores (
  merchant_id uuid not null,
  store_id    uuid not null,
  code        text not null,
  name        text not null,
  province    text not null,
  city        text not null,
  district    text not null,
  address     text not null,
  phone       text not null,
  hours       text not null,
  pickup      boolean not null,
  state       text not null,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (merchant_id, store_id)
);
select distribute('stores', 'merchant_id');
alter table stores add constraint stores_merchant_fk foreign key (merchant_id) references merchants (merchant_id);
alter table stores add constraint stores_code_key unique (merchant_id, code);
alter table stores add constraint stores_state check (state in ('open', 'closed'));

create table counters (
  merchant_id uuid not null,
  counter_id  uuid not null,
  store_id    uuid not null,
  code        text not null,
  name        text not null,
  created_at  timestamptz not null,
  primary key (merchant_id, counter_id)
);
select distribute('counters', 'merchant_id');
alter table counters add constraint counters_store_fk
  foreign key (merchant_id, store_id) references stores (merchant_id, store_id);
alter table counters add constraint counters_code_key unique (merchant_id, store_id, code);

-- Where stock lies: the merchant's warehouse, and each store.
create table locations (
  merchant_id uuid not null,
  location_id uuid not null,
  kind        text not null,
  store_id    uuid,
  name        text not null,
  is_default  boolean not null,
  created_at  timestamptz not null,
  primary key (merchant_id, location_id)
);
select distribute('locations', 'merchant_id');
alter table locations add constraint locations_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table locations add constraint locations_store_fk
  foreign key (merchant_id, store_id) references stores (merchant_id, store_id);
alter table locations add constraint locations_kind check (kind in ('warehouse', 'store'));
alter table locations add constraint locations_store_of_kind check ((kind = 'store') = (store_id is not null));
alter table locations add constraint locations_one_per_store unique (merchant_id, store_id);
create unique index locations_one_default on locations (merchant_id) where is_default;
