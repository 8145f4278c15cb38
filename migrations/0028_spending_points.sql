-- Points that are spent: what they are worth, lots that keep every point with its day, holds of orders.

-- What a merchant's points are worth, and how they are earned. A step of points is worth whole fen.
alter table points_settings add column redeem boolean not null default false;         -- may orders be paid with them
alter table points_settings add column points_per_yuan int not null default 100;      -- so many are worth 1 yuan
alter table points_settings add column step int not null default 100;                 -- spent in multiples of this
alter table points_settings add column most_percent int not null default 50;          -- of the goods of an order
alter table points_settings add column earn_per_yuan int not null default 1;          -- earned for a yuan paid
alter table points_settings add constraint points_settings_rate check (points_per_yuan between 1 and 100000);
alter table points_settings add constraint points_settings_step check (
  step between 1 and 1000000 and step::bigint * 100 % points_per_yuan = 0);
alter table points_settings add constraint points_settings_most check (most_percent between 1 and 100);
alter table points_settings add constraint points_settings_earn check (earn_per_yuan between 0 and 1000);

-- At which rate an order earned: its refunds take points back at the same.
alter table points_orders add column earn_per_yuan int not null default 1;

-- Points to be taken back that were spent by then: they go when spent ones come back, never of what is newly earned.
alter table members add column owed_points bigint not null default 0;
alter table members add constraint members_owed_points check (owed_points >= 0);

-- What one entry brought, and what became of it: every point is in one place. Changed under the card's lock.
create table points_lots (
  merchant_id uuid not null,
  lot_id      uuid not null,              -- the entry that brought them
  member_id   uuid not null,              -- moves when two cards become one
  source_id   uuid not null,              -- the order that earned them
  earned_at   timestamptz not null,       -- their age counts from here
  points      bigint not null,
  available   bigint not null,
  held        bigint not null default 0,  -- by orders that wait for their payment
  redeemed    bigint not null default 0,
  expired     bigint not null default 0,
  revoked     bigint not null default 0,  -- their order was refunded
  warned_at   timestamptz,                -- the member was told that they are about to expire
  primary key (merchant_id, lot_id)
) with (fillfactor = 80);
select distribute('points_lots', 'merchant_id');
alter table points_lots add constraint points_lots_member
  foreign key (merchant_id, member_id) references members (merchant_id, member_id);
alter table points_lots add constraint points_lots_whole check (
  points > 0 and points = available + held + redeemed + expired + revoked);
alter table points_lots add constraint points_lots_parts check (
  available >= 0 and held >= 0 and redeemed >= 0 and expired >= 0 and revoked >= 0);
create index points_lots_of_member on points_lots (merchant_id, member_id, earned_at, lot_id);
create index points_lots_of_source on points_lots (merchant_id, source_id);
create index points_lots_by_age on points_lots (merchant_id, earned_at) where available > 0;

-- Lots of what is on the cards already. What left came off the oldest points; which of it expired and which was
-- taken back is known as sums.
insert into points_lots (merchant_id, lot_id, member_id, source_id, earned_at, points, available, expired, revoked)
select l.merchant_id, l.entry_id, l.member_id, l.source_id, l.occurred_at, l.points, l.points - l.gone,
       l.expired, l.gone - l.expired
from (
  select c.merchant_id, c.entry_id, c.member_id, c.source_id, c.occurred_at, c.points,
         least(greatest(g.gone - (c.through - c.points), 0), c.points) as gone,
         least(greatest(g.expired - (c.through - c.points), 0), c.points) as expired
  from (select e.*, sum(e.points) over (partition by e.merchant_id, e.member_id
                                         order by e.occurred_at, e.entry_id) as through
        from points_entries e where e.points > 0) c
  join (select e.merchant_id, e.member_id,
               coalesce(-sum(e.points) filter (where e.points < 0), 0) as gone,
               coalesce(-sum(e.points) filter (where e.points < 0 and e.source = 'expire'), 0) as expired
        from points_entries e group by e.merchant_id, e.member_id) g
    on g.merchant_id = c.merchant_id and g.member_id = c.member_id) l;

-- Points set aside for something that is to be paid: held, then redeemed or released. A late payment holds again.
create table points_holds (
  merchant_id     uuid not null,
  reference_id    uuid not null,          -- the order, or whatever else they pay for
  member_id       uuid not null,
  points          bigint not null check (points > 0),
  worth_fen       bigint not null check (worth_fen > 0),
  state           text not null check (state in ('held', 'redeemed', 'released')),
  returned_fen    bigint not null default 0,   -- of their worth, by refunds
  returned_points bigint not null default 0,
  held_at         timestamptz not null,
  ended_at        timestamptz,
  primary key (merchant_id, reference_id),
  check ((state = 'held') = (ended_at is null)),
  check (returned_fen between 0 and worth_fen),
  check (returned_points between 0 and points),
  check (returned_points = 0 or state = 'redeemed')
) with (fillfactor = 80);
select distribute('points_holds', 'merchant_id');
alter table points_holds add constraint points_holds_member
  foreign key (merchant_id, member_id) references members (merchant_id, member_id);
create index points_holds_of_member on points_holds (merchant_id, member_id) where state = 'held';

-- From which lots they are.
create table points_hold_parts (
  merchant_id  uuid not null,
  reference_id uuid not null,
  lot_id       uuid not null,
  points       bigint not null check (points > 0),
  returned     bigint not null default 0,
  primary key (merchant_id, reference_id, lot_id),
  check (returned between 0 and points)
);
select distribute('points_hold_parts', 'merchant_id');
alter table points_hold_parts add constraint points_hold_parts_hold
  foreign key (merchant_id, reference_id) references points_holds (merchant_id, reference_id);
alter table points_hold_parts add constraint points_hold_parts_lot
  foreign key (merchant_id, lot_id) references points_lots (merchant_id, lot_id);
create index points_hold_parts_of_lot on points_hold_parts (merchant_id, lot_id);

-- What refunds gave back, each once.
create table points_returns (
  merchant_id  uuid not null,
  cause_id     uuid not null,
  reference_id uuid not null,
  worth_fen    bigint not null check (worth_fen >= 0),
  points       bigint not null check (points >= 0),
  returned_at  timestamptz not null,
  primary key (merchant_id, cause_id)
);
select distribute('points_returns', 'merchant_id');
alter table points_returns add constraint points_returns_hold
  foreign key (merchant_id, reference_id) references points_holds (merchant_id, reference_id);
create index points_returns_of_hold on points_returns (merchant_id, reference_id);
revoke update, delete on points_returns from bihuan_app;
