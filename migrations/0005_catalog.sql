-- What is sold: products, their variants (SKUs), categories and pictures. One owner: the catalog module.

create table categories (
  merchant_id uuid not null,
  category_id uuid not null,
  parent_id   uuid,
  name        text not null check (char_length(name) between 1 and 40),
  icon_url    text not null default '',
  position    int not null default 0,           -- smaller comes first among its siblings
  created_at  timestamptz not null,
  primary key (merchant_id, category_id),
  check (parent_id is null or parent_id <> category_id)
);
select distribute('categories', 'merchant_id');
alter table categories add constraint categories_merchant_fk foreign key (merchant_id) references merchants (merchant_id);
alter table categories add constraint categories_parent_fk
  foreign key (merchant_id, parent_id) references categories (merchant_id, category_id);
create unique index categories_name on categories (merchant_id, parent_id, name) nulls not distinct;
create index categories_by_position on categories (merchant_id, position, category_id);

create table products (
  merchant_id      uuid not null,
  product_id       uuid not null,
  state            text not null default 'draft' check (state in ('draft', 'published', 'unpublished')),
  title            text not null check (char_length(title) between 1 and 120),
  subtitle         text not null default '',
  description      text not null default '',     -- plain text; line breaks are kept
  cover_url        text not null default '',     -- the first picture's
  media            jsonb not null default '[]',  -- [{kind, url}]
  options          jsonb not null default '[]',  -- [{name, values}], in the order of the SKUs' option_values
  attributes       jsonb not null default '[]',  -- [{name, value}]: brand, material, ...
  price_fen        bigint not null check (price_fen > 0),          -- of the cheapest SKU on offer
  market_price_fen bigint check (market_price_fen >= price_fen),   -- of the same SKU
  freight_free     boolean not null default false,
  weight           int not null default 0,       -- larger comes first in the default order
  sold_count       bigint not null default 0 check (sold_count >= 0),
  search           tsvector not null,            -- made by catalog.search: see there what the weights mean
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  published_at     timestamptz,                  -- first publication
  primary key (merchant_id, product_id),
  check (state = 'draft' or published_at is not null)
);
select distribute('products', 'merchant_id');
alter table products add constraint products_merchant_fk foreign key (merchant_id) references merchants (merchant_id);
create index products_search on products using gin (search);
create index products_by_weight on products (merchant_id, weight desc, product_id desc) where state = 'published';
create index products_by_price on products (merchant_id, price_fen, product_id) where state = 'published';
create index products_by_sales on products (merchant_id, sold_count desc, product_id desc) where state = 'published';
create index products_by_age on products (merchant_id, published_at desc, product_id desc) where state = 'published';

create table product_categories (
  merchant_id uuid not null,
  category_id uuid not null,
  product_id  uuid not null,
  primary key (merchant_id, category_id, product_id)
);
select distribute('product_categories', 'merchant_id');
alter table product_categories add constraint product_categories_category_fk
  foreign key (merchant_id, category_id) references categories (merchant_id, category_id);
alter table product_categories add constraint product_categories_product_fk
  foreign key (merchant_id, product_id) references products (merchant_id, product_id);
create index product_categories_by_product on product_categories (merchant_id, product_id);

-- A SKU is never deleted: orders and stock refer to it. One that is no longer offered is retired.
create table skus (
  merchant_id      uuid not null,
  sku_id           uuid not null,
  product_id       uuid not null,
  state            text not null default 'active' check (state in ('active', 'retired')),
  code             text not null check (char_length(code) between 1 and 64),
  option_values    text[] not null default '{}',
  price_fen        bigint not null check (price_fen > 0),
  market_price_fen bigint check (market_price_fen >= price_fen),
  image_url        text,
  position         int not null default 0,
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  primary key (merchant_id, sku_id)
);
select distribute('skus', 'merchant_id');
alter table skus add constraint skus_product_fk
  foreign key (merchant_id, product_id) references products (merchant_id, product_id);
create unique index skus_code on skus (merchant_id, code) where state = 'active';
create unique index skus_options on skus (merchant_id, product_id, option_values) where state = 'active';
create index skus_by_product on skus (merchant_id, product_id, position);

-- Uploaded pictures, re-encoded by us; the bytes lie under BIHUAN_HOME/media/<merchant_id>/<hash>.webp.
create table media (
  merchant_id uuid not null,
  media_id    uuid not null,
  hash        text not null check (hash ~ '^[0-9a-f]{32}$'),
  width       int not null check (width > 0),
  height      int not null check (height > 0),
  size_bytes  int not null check (size_bytes > 0),
  created_at  timestamptz not null,
  primary key (merchant_id, media_id)
);
select distribute('media', 'merchant_id');
alter table media add constraint media_merchant_fk foreign key (merchant_id) references merchants (merchant_id);
create unique index media_hash on media (merchant_id, hash);
