-- Touchpoints: how shoppers met a merchant; and the store whose code a follower came in by.

create table touchpoints (
  merchant_id   uuid not null,
  touchpoint_id uuid not null,           -- the fact's id where a fact made it, so that a repeat makes none
  shopper_id    uuid not null,
  kind          text not null,
  label_id      uuid,
  label_code    text,                    -- as it was then, for reading afterwards
  store_id      uuid,
  counter_id    uuid,
  staff_id      uuid,
  sharer_id     uuid,
  page          text,
  occurred_at   timestamptz not null,
  -- Whether it speaks for a store, a counter or a member of staff.
  placed        boolean not null generated always as
                  (store_id is not null or counter_id is not null or staff_id is not null) stored,
  primary key (merchant_id, touchpoint_id)
);
select distribute('touchpoints', 'merchant_id');
alter table touchpoints add constraint touchpoints_kind check (kind in ('scan', 'follow', 'visit', 'share'));
alter table touchpoints add constraint touchpoints_share check ((kind = 'share') = (sharer_id is not null));
alter table touchpoints add constraint touchpoints_own_share check (sharer_id is distinct from shopper_id);
-- The two questions of attribution, each answered by the first row of an index.
create index touchpoints_placed on touchpoints (merchant_id, shopper_id, occurred_at desc, touchpoint_id desc)
  where placed;
create index touchpoints_shared on touchpoints (merchant_id, shopper_id, occurred_at desc, touchpoint_id desc)
  where sharer_id is not null;
create index touchpoints_of_shopper on touchpoints (merchant_id, shopper_id, occurred_at desc, touchpoint_id desc);
create index touchpoints_of_sharer on touchpoints (merchant_id, sharer_id) where sharer_id is not null;
alter table touchpoints add constraint touchpoints_label_fk
  foreign key (merchant_id, label_id) references labels (merchant_id, label_id);
-- Touchpoints are what orders were decided by: they are added, never changed. Only whose they are may turn out
-- to be another, when two shoppers prove to be one person.
revoke update, delete on touchpoints from bihuan_app;
grant update (shopper_id, sharer_id) on touchpoints to bihuan_app;

-- The home of a follower: the place of the first follow that had one. Later codes do not move it.
create table shopper_homes (
  merchant_id   uuid not null,
  shopper_id    uuid not null,
  store_id      uuid not null,
  touchpoint_id uuid not null,
  since         timestamptz not null,
  primary key (merchant_id, shopper_id)
);
select distribute('shopper_homes', 'merchant_id');
alter table shopper_homes add constraint shopper_homes_touchpoint
  foreign key (merchant_id, touchpoint_id) references touchpoints (merchant_id, touchpoint_id);
