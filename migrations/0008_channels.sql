-- Channels: a merchant's WeChat apps, who follows, the labels on its codes, what is said in the chat.

-- One official account and one mini program per merchant. Their secrets lie in sealed_secrets.
create table official_accounts (
  merchant_id        uuid not null,
  appid              text not null,
  original_id        text not null,       -- gh_...: who a push must be addressed to; empty: not checked
  name               text not null,
  mode               text not null,
  mini_program_appid text,
  member_template    jsonb,               -- the template message that stands in for the card's prompt
  verified_at        timestamptz,         -- WeChat's handshake passed
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  primary key (merchant_id)
);
select distribute('official_accounts', 'merchant_id');
alter table official_accounts add constraint official_accounts_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table official_accounts add constraint official_accounts_mode check (mode in ('plain', 'safe', 'compatible'));

-- Access tokens and JS tickets, one value for all processes. Who holds the lease asks WeChat for a new one,
-- outside any transaction; the others wait for it.
create table wechat_tokens (
  merchant_id uuid not null,
  appid       text not null,
  kind        text not null,
  sealed      bytea,                      -- under the vault, bound to merchant, appid and kind
  expires_at  timestamptz,
  lease_until timestamptz,
  primary key (merchant_id, appid, kind)
);
select distribute('wechat_tokens', 'merchant_id');
alter table wechat_tokens add constraint wechat_tokens_kind check (kind in ('access', 'jsapi'));

-- What is printed under a code: a store, a counter, a member of staff, a campaign. The code is the scene of
-- WeChat's QR codes, 'l=<code>' in addresses, and 'l=<code>' in a mini program's scene (32 characters).
create table labels (
  merchant_id  uuid not null,
  label_id     uuid not null,
  code         text not null,
  kind         text not null,
  name         text not null,
  store_id     uuid,
  counter_id   uuid,
  staff_id     uuid,
  scans        bigint not null default 0,
  qr_appid     text,                      -- the account that WeChat's code below was made for
  qr_ticket    text,
  qr_url       text,
  created_at   timestamptz not null,
  primary key (merchant_id, label_id)
);
select distribute('labels', 'merchant_id');
alter table labels add constraint labels_code_key unique (merchant_id, code);
alter table labels add constraint labels_code_form check (code ~ '^[0-9A-HJKMNP-TV-Z]{6,12}$');
alter table labels add constraint labels_kind check (kind in ('store', 'counter', 'staff', 'campaign'));
alter table labels add constraint labels_kind_store check (kind <> 'store' or store_id is not null);
alter table labels add constraint labels_kind_counter
  check (kind <> 'counter' or (counter_id is not null and store_id is not null));
alter table labels add constraint labels_kind_staff check (kind <> 'staff' or staff_id is not null);
alter table labels add constraint labels_scans check (scans >= 0);
alter table labels add constraint labels_store_fk
  foreign key (merchant_id, store_id) references stores (merchant_id, store_id);
alter table labels add constraint labels_counter_fk
  foreign key (merchant_id, counter_id) references counters (merchant_id, counter_id);
alter table labels add constraint labels_staff_fk
  foreign key (merchant_id, staff_id) references staff (merchant_id, staff_id);
create index labels_of_store on labels (merchant_id, store_id);
create index labels_without_code on labels (merchant_id, label_id) where qr_appid is null;

create table followers (
  merchant_id   uuid not null,
  openid        text not null,
  appid         text not null,
  shopper_id    uuid,                     -- null until WeChat has told who it is (see pushes.told)
  following     boolean not null,
  label_id      uuid,                     -- the label of the first follow, if it had one
  home_store_id uuid,                     -- the store of that label: decided once
  follows       int not null default 0,   -- how often this person began to follow
  followed_at   timestamptz not null,     -- the first time
  changed_at    timestamptz not null,     -- of `following`, by WeChat's clock, to the second
  seen_at       timestamptz not null,     -- of the push that said so: with it, the order within a second
  primary key (merchant_id, openid)
);
select distribute('followers', 'merchant_id');
alter table followers add constraint followers_label_fk
  foreign key (merchant_id, label_id) references labels (merchant_id, label_id);
alter table followers add constraint followers_store_fk
  foreign key (merchant_id, home_store_id) references stores (merchant_id, store_id);
create index followers_by_shopper on followers (merchant_id, shopper_id);
create index followers_by_time on followers (merchant_id, followed_at desc, openid desc);
create index followers_unknown on followers (merchant_id, openid) where shopper_id is null;

-- Every push once, however often WeChat delivers it, with the reply that it got.
create table pushes (
  merchant_id uuid not null,
  dedupe_key  text not null,
  signature   text not null,              -- with it, no second message under a signature that was seen
  openid      text not null,
  kind        text not null,
  scene       text not null,
  label_id    uuid,
  reply       text not null,              -- empty: nothing was said
  told        boolean not null,           -- its fact was emitted (it waits until the shopper is known)
  first       boolean not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  primary key (merchant_id, dedupe_key)
);
select distribute('pushes', 'merchant_id');
alter table pushes add constraint pushes_signature_key unique (merchant_id, signature);
create index pushes_untold on pushes (merchant_id, openid, occurred_at) where not told;
create index pushes_by_age on pushes (received_at);

create table reply_settings (
  merchant_id uuid not null,
  welcome     text not null,
  updated_at  timestamptz not null,
  primary key (merchant_id)
);
select distribute('reply_settings', 'merchant_id');

create table keyword_replies (
  merchant_id uuid not null,
  position    int not null,
  keyword     text not null,
  match       text not null,
  reply       text not null,
  primary key (merchant_id, position)
);
select distribute('keyword_replies', 'merchant_id');
alter table keyword_replies add constraint keyword_replies_match check (match in ('exact', 'contains'));

create table menus (
  merchant_id  uuid not null,
  buttons      jsonb not null,
  updated_at   timestamptz not null,
  published_at timestamptz,
  primary key (merchant_id)
);
select distribute('menus', 'merchant_id');

-- What the account says by itself: queued -> sending -> sent | failed. What a crash left in "sending" may or may
-- not have been said; it is not said again.
create table chat_messages (
  merchant_id  uuid not null,
  message_id   uuid not null,
  openid       text not null,
  purpose      text not null,
  source_id    uuid not null,             -- the fact or push that asked for it: once each
  content      jsonb not null,
  state        text not null,
  attempts     int not null default 0,
  available_at timestamptz not null,
  sent_as      text,
  error        text,
  created_at   timestamptz not null,
  changed_at   timestamptz not null,
  primary key (merchant_id, message_id)
);
select distribute('chat_messages', 'merchant_id');
alter table chat_messages add constraint chat_messages_source_key unique (merchant_id, purpose, source_id);
alter table chat_messages add constraint chat_messages_state check (state in ('queued', 'sending', 'sent', 'failed'));
alter table chat_messages add constraint chat_messages_sent_as
  check (sent_as in ('custom', 'template') and (sent_as is not null) = (state = 'sent'));
create index chat_messages_due on chat_messages (merchant_id, available_at, message_id) where state = 'queued';
create index chat_messages_sending on chat_messages (merchant_id, changed_at) where state = 'sending';
