-- Rooms of the console: stores and counters that are given up, what levels bring, long lists of what failed,
-- and signing in at a desktop by scanning.

-- 'retired': given up for good. Orders, stock and touchpoints go on naming it; nothing new is put there.
alter table stores drop constraint stores_state;
alter table stores add constraint stores_state check (state in ('open', 'closed', 'retired'));
alter table counters add column state text not null default 'open';
alter table counters add constraint counters_state check (state in ('open', 'retired'));

alter table member_levels add column benefits text not null default '';

-- Lists that page: the parked deliveries of one merchant and of all, and the chat's outbox.
drop index deliveries_parked;
create index deliveries_parked on deliveries (merchant_id, parked_at, fact_id, handler) where parked_at is not null;
create index deliveries_parked_of_all on deliveries (parked_at, fact_id, handler) where parked_at is not null;
create index chat_messages_by_state on chat_messages (merchant_id, state, message_id);

-- A browser outside WeChat that waits for a phone: WeChat's code shows `scene`, the phone's push brings it back,
-- the chat asks for the digits that the browser shows, and the browser that began exchanges it for a session, once.
create table desktop_sign_ins (
  merchant_id  uuid not null,
  sign_in_id   uuid not null,
  scene        text not null,
  browser_hash bytea not null,            -- SHA-256 of the cookie of the browser that began
  digits       text not null,
  browser      text not null,             -- as the chat names it
  state        text not null default 'waiting',
  openid       text,                      -- who scanned
  mistakes     int not null default 0,
  created_at   timestamptz not null,
  scanned_at   timestamptz,
  expires_at   timestamptz not null,
  primary key (merchant_id, sign_in_id)
);
select distribute('desktop_sign_ins', 'merchant_id');
alter table desktop_sign_ins add constraint desktop_sign_ins_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table desktop_sign_ins add constraint desktop_sign_ins_scene_key unique (merchant_id, scene);
alter table desktop_sign_ins add constraint desktop_sign_ins_digits check (digits ~ '^[0-9]{2}$');
alter table desktop_sign_ins add constraint desktop_sign_ins_mistakes check (mistakes between 0 and 3);
alter table desktop_sign_ins add constraint desktop_sign_ins_state
  check (state in ('waiting', 'scanned', 'confirmed', 'used', 'refused'));
alter table desktop_sign_ins add constraint desktop_sign_ins_scanned
  check ((state = 'waiting') = (openid is null) and (openid is null) = (scanned_at is null));
create index desktop_sign_ins_scanned_by on desktop_sign_ins (merchant_id, openid, scanned_at) where state = 'scanned';
create index desktop_sign_ins_by_end on desktop_sign_ins (expires_at);
