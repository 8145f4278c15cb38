-- Tills, whole: the wallet as a tender, discounts by hand, barcodes, parked sales, numbers of Z reports.

alter table till_takings add column wallet_fen bigint not null default 0 check (wallet_fen >= 0);
alter table till_takings drop constraint till_takings_check;
alter table till_takings add constraint till_takings_of_something
  check (cash_fen + card_fen + code_fen + wallet_fen > 0);

-- What a person took off by hand; the order's adjustment says who and why.
alter table till_sales add column discount_fen bigint not null default 0 check (discount_fen >= 0);

-- The closed shifts of a till are numbered without gaps: a missing report is seen.
alter table till_shifts add column report_no int check (report_no > 0);
update till_shifts s set report_no = n.no
from (select merchant_id, shift_id, row_number() over (partition by merchant_id, store_id, till order by shift_id) as no
      from till_shifts where state = 'closed') n
where n.merchant_id = s.merchant_id and n.shift_id = s.shift_id;
alter table till_shifts add constraint till_shifts_numbered check ((state = 'closed') = (report_no is not null));
create unique index till_shifts_by_report on till_shifts (merchant_id, store_id, till, report_no);

-- What a scanner reads, beside a SKU's own code. A SKU may have several: packages change.
create table till_barcodes (
  merchant_id uuid not null,
  barcode     text not null check (barcode ~ '^[0-9A-Za-z-]{4,48}$'),
  sku_id      uuid not null,
  staff_id    uuid not null,
  created_at  timestamptz not null,
  primary key (merchant_id, barcode)
);
select distribute('till_barcodes', 'merchant_id');
alter table till_barcodes add constraint till_barcodes_sku
  foreign key (merchant_id, sku_id) references skus (merchant_id, sku_id);
create index till_barcodes_of_sku on till_barcodes (merchant_id, sku_id);

-- A basket that waits at its store: nothing is ordered or held yet.
create table till_parked (
  merchant_id uuid not null,
  parked_id   uuid not null,
  store_id    uuid not null,
  label       text not null,
  member_no   text,
  lines       jsonb not null,                  -- [{sku_id, quantity}]
  total_fen   bigint not null check (total_fen >= 0),
  staff_id    uuid not null,
  parked_at   timestamptz not null,
  primary key (merchant_id, parked_id)
);
select distribute('till_parked', 'merchant_id');
alter table till_parked add constraint till_parked_store
  foreign key (merchant_id, store_id) references stores (merchant_id, store_id);
create index till_parked_of_store on till_parked (merchant_id, store_id, parked_id desc);

-- Codes that phones show at a till: good for minutes and for one payment. Only their hashes are kept.
create table wallet_codes (
  merchant_id uuid not null,
  code_hash   bytea not null,
  shopper_id  uuid not null,
  expires_at  timestamptz not null,
  primary key (merchant_id, code_hash)
);
select distribute('wallet_codes', 'merchant_id');
alter table wallet_codes add constraint wallet_codes_of
  foreign key (merchant_id, shopper_id) references wallets (merchant_id, shopper_id);
create index wallet_codes_of_shopper on wallet_codes (merchant_id, shopper_id);

-- Members are found by the number that they gave with an address, however it was written.
create index addresses_by_phone on addresses (right(regexp_replace(phone, '[^0-9]', '', 'g'), 11));
