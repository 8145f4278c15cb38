-- Notices by subscribe message, and guides on WeCom: their members, contact codes and customers.

-- What the mini program's notices look like: the merchant's template of each kind, and which field says what. Where a
-- shopper follows the official account, its template may stand in.
create table notice_templates (
  merchant_id          uuid not null,
  kind                 text not null,
  template_id          text not null,       -- of the mini program; empty: none
  data                 jsonb not null,      -- the template's fields -> text with {order_no}, {amount} ...
  official_template_id text not null,       -- of the official account; empty: none
  official_data        jsonb not null,
  updated_at           timestamptz not null,
  primary key (merchant_id, kind)
);
select distribute('notice_templates', 'merchant_id');
alter table notice_templates add constraint notice_templates_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table notice_templates add constraint notice_templates_kind
  check (kind in ('order_paid', 'order_shipped', 'refund_done'));

-- Consents of shoppers: one grant is one message. An openid is a shopper at one mini program.
create table notice_consents (
  merchant_id uuid not null,
  openid      text not null,
  template_id text not null,
  remaining   int not null,
  granted     bigint not null default 0,
  changed_at  timestamptz not null,
  primary key (merchant_id, openid, template_id)
);
select distribute('notice_consents', 'merchant_id');
alter table notice_consents add constraint notice_consents_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table notice_consents add constraint notice_consents_remaining check (remaining >= 0 and remaining <= granted);

-- The outbox carries three kinds: the account's chat, notices of the mini program, and words to guides on WeCom (whose
-- address is a userid in `openid`). A notice may have two addresses: the mini program's, and the account's in `openid`.
alter table chat_messages add column kind text not null default 'chat';
alter table chat_messages add column mini_openid text;
alter table chat_messages add column shopper_id uuid;
alter table chat_messages add constraint chat_messages_kind check (kind in ('chat', 'notice', 'guide'));
alter table chat_messages add constraint chat_messages_address
  check (openid <> '' or (kind = 'notice' and mini_openid is not null));
alter table chat_messages drop constraint chat_messages_sent_as;
alter table chat_messages add constraint chat_messages_sent_as
  check (sent_as in ('custom', 'template', 'subscribe', 'app') and (sent_as is not null) = (state = 'sent'));

-- A merchant's corp on WeCom. Its secrets lie in sealed_secrets.
create table wecom_corps (
  merchant_id uuid not null,
  corpid      text not null,
  agent_id    bigint not null,
  welcome     text not null,                -- with {merchant}, {guide}, {mall}; empty: nothing is said
  verified_at timestamptz,                  -- WeCom's handshake passed
  synced_at   timestamptz,                  -- of the address book
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (merchant_id)
);
select distribute('wecom_corps', 'merchant_id');
alter table wecom_corps add constraint wecom_corps_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);

create table wecom_departments (
  merchant_id   uuid not null,
  department_id bigint not null,
  parent_id     bigint not null,
  name          text not null,
  primary key (merchant_id, department_id)
);
select distribute('wecom_departments', 'merchant_id');
alter table wecom_departments add constraint wecom_departments_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);

-- Members of the corp. Who of the staff one is, is said by hand and outlives each sync.
create table wecom_members (
  merchant_id    uuid not null,
  userid         text not null,
  name           text not null,
  position       text not null,
  department_ids bigint[] not null,
  listed         boolean not null,          -- the last sync still named her
  staff_id       uuid,
  tell_payments  boolean not null default false,
  -- the contact code: made once, its state is the label's code
  config_id      text,
  qr_url         text,                      -- WeCom's picture of it
  label_id       uuid,
  changed_at     timestamptz not null,
  primary key (merchant_id, userid)
);
select distribute('wecom_members', 'merchant_id');
alter table wecom_members add constraint wecom_members_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table wecom_members add constraint wecom_members_staff_fk
  foreign key (merchant_id, staff_id) references staff (merchant_id, staff_id);
alter table wecom_members add constraint wecom_members_label_fk
  foreign key (merchant_id, label_id) references labels (merchant_id, label_id);
alter table wecom_members add constraint wecom_members_one_staff unique (merchant_id, staff_id);
alter table wecom_members add constraint wecom_members_code check (config_id is null or label_id is not null);

-- A guide's customers. `shopper_id` once WeCom has told a unionid.
create table guide_customers (
  merchant_id     uuid not null,
  customer_id     uuid not null,
  userid          text not null,
  external_userid text not null,
  state           text not null,
  name            text not null,
  avatar_url      text not null,
  shopper_id      uuid,
  label_id        uuid,
  asked           boolean not null default false,   -- WeCom said who it is, or that it will not
  attempts        int not null default 0,           -- of asking
  ask_at          timestamptz not null,
  welcome         text not null,                    -- what became of the first words
  welcome_error   text,
  welcome_at      timestamptz not null,
  added_at        timestamptz not null,
  ended_at        timestamptz,
  primary key (merchant_id, customer_id)
);
select distribute('guide_customers', 'merchant_id');
alter table guide_customers add constraint guide_customers_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table guide_customers add constraint guide_customers_label_fk
  foreign key (merchant_id, label_id) references labels (merchant_id, label_id);
alter table guide_customers add constraint guide_customers_key unique (merchant_id, userid, external_userid);
alter table guide_customers add constraint guide_customers_state check (state in ('active', 'left', 'dropped'));
alter table guide_customers add constraint guide_customers_ended check ((state = 'active') = (ended_at is null));
alter table guide_customers add constraint guide_customers_welcome
  check (welcome in ('none', 'sending', 'sent', 'failed'));
create index guide_customers_by_guide on guide_customers (merchant_id, userid, customer_id desc);
create index guide_customers_by_shopper on guide_customers (merchant_id, shopper_id);
create index guide_customers_to_ask on guide_customers (ask_at) where not asked;
create index guide_customers_greeted on guide_customers (welcome_at) where welcome = 'sending';

-- Every event of WeCom once, however often it is delivered.
create table wecom_events (
  merchant_id uuid not null,
  dedupe_key  text not null,
  signature   text not null,
  kind        text not null,
  received_at timestamptz not null,
  primary key (merchant_id, dedupe_key)
);
select distribute('wecom_events', 'merchant_id');
alter table wecom_events add constraint wecom_events_signature_key unique (merchant_id, signature);
create index wecom_events_by_age on wecom_events (received_at);
