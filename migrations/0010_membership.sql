-- Membership: cards, levels, points.

-- A merchant's own levels; without rows the usual four hold (membership/rules.py).
create table member_levels (
  merchant_id uuid not null,
  code        text not null,
  name        text not null,
  growth      bigint not null,            -- from this much growth on
  primary key (merchant_id, code)
);
select distribute('member_levels', 'merchant_id');
alter table member_levels add constraint member_levels_growth check (growth >= 0);
alter table member_levels add constraint member_levels_growth_key unique (merchant_id, growth);

-- How many card numbers a merchant has given out: numbers are made of it, so that no two are alike.
create table member_numbers (
  merchant_id uuid not null,
  last        bigint not null,
  primary key (merchant_id)
);
select distribute('member_numbers', 'merchant_id');

create table members (
  merchant_id uuid not null,
  member_id   uuid not null,
  shopper_id  uuid not null,
  number      text not null,
  level_code  text not null,
  points      bigint not null default 0,  -- the sums of points_entries, kept beside them
  growth      bigint not null default 0,
  merged_into uuid,                       -- another member who turned out to be the same person
  joined_at   timestamptz not null,
  primary key (merchant_id, member_id)
);
select distribute('members', 'merchant_id');
alter table members add constraint members_number_key unique (merchant_id, number);
alter table members add constraint members_points check (points >= 0);
alter table members add constraint members_growth check (growth >= 0);
alter table members add constraint members_merged_fk
  foreign key (merchant_id, merged_into) references members (merchant_id, member_id);
create unique index members_of_shopper on members (merchant_id, shopper_id) where merged_into is null;
create index members_by_time on members (merchant_id, joined_at desc, member_id desc) where merged_into is null;

create table points_entries (
  merchant_id uuid not null,
  entry_id    uuid not null,
  member_id   uuid not null,
  points      bigint not null,
  growth      bigint not null,
  source      text not null,              -- 'order', 'merge_out', 'merge_in'
  source_id   uuid not null,
  occurred_at timestamptz not null,
  primary key (merchant_id, entry_id)
);
select distribute('points_entries', 'merchant_id');
alter table points_entries add constraint points_entries_source_key unique (merchant_id, source, source_id);
alter table points_entries add constraint points_entries_something check (points <> 0 or growth <> 0);
alter table points_entries add constraint points_entries_member_fk
  foreign key (merchant_id, member_id) references members (merchant_id, member_id);
create index points_entries_of_member on points_entries (merchant_id, member_id, occurred_at desc, entry_id desc);
-- Append-only.
revoke update, delete on points_entries from bihuan_app;
