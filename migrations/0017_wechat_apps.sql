-- WeChat apps beyond a secret typed in: accounts authorized to the Open Platform's component, followers who came
-- before we did, and what WeChat wants to know of shipping.

-- The Open Platform's component: the operator's, one for the installation. Its secrets and the last ticket lie in
-- sealed_secrets under the platform's merchant.
create table components (
  merchant_id uuid not null,
  appid       text not null,
  ticket_at   timestamptz,                -- of the last ticket that WeChat pushed
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (merchant_id)
);
select distribute('components', 'merchant_id');
alter table components add constraint components_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);

-- Whose app is it: a push of the Open Platform names an app and no merchant. An app has one owner at a time.
create table authorizers (
  appid        text not null,
  merchant_id  uuid not null,
  kind         text not null,
  name         text not null,
  original_id  text not null,
  granted      int[] not null,            -- sets of permissions, by WeChat's numbers
  state        text not null,
  connected_at timestamptz not null,
  changed_at   timestamptz not null,
  primary key (appid)
);
select distribute('authorizers');
alter table authorizers add constraint authorizers_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table authorizers add constraint authorizers_kind check (kind in ('official_account', 'mini_program'));
alter table authorizers add constraint authorizers_state check (state in ('connected', 'withdrawn'));
create index authorizers_of_merchant on authorizers (merchant_id);

-- How each app of a merchant is connected: by its own secret, or through the component. An empty appid: the merchant
-- has a mini program only.
alter table official_accounts add column connection text not null default 'direct';
alter table official_accounts add constraint official_accounts_connection
  check (connection in ('direct', 'component', 'withdrawn'));
alter table official_accounts add column mini_program_connection text not null default 'direct';
alter table official_accounts add constraint official_accounts_mini_program_connection
  check (mini_program_connection in ('direct', 'component', 'withdrawn'));
alter table official_accounts add column shipping_upload boolean not null default false;
alter table official_accounts add column mini_program_verified_at timestamptz;
alter table wechat_tokens drop constraint wechat_tokens_kind;
alter table wechat_tokens add constraint wechat_tokens_kind check (kind in ('access', 'jsapi', 'component'));

-- Pushes that were refused: what came, and why. Nothing of them was used.
create table refused_pushes (
  merchant_id uuid not null,
  refusal_id  uuid not null,
  address     text not null,
  reason      text not null,
  digest      text not null,              -- SHA-256 of the body: the body itself is not to be trusted, nor kept
  bytes       int not null,
  received_at timestamptz not null,
  primary key (merchant_id, refusal_id)
);
select distribute('refused_pushes', 'merchant_id');
create index refused_pushes_by_time on refused_pushes (merchant_id, received_at desc, refusal_id);
create index refused_pushes_by_age on refused_pushes (received_at);

-- Followers of an account that had some before it was connected: taken over page by page. A run that died goes on
-- from its last whole page.
create table follower_syncs (
  merchant_id   uuid not null,
  appid         text not null,
  state         text not null,
  next_openid   text not null default '', -- where the page under way began
  before_page   int not null default 0,   -- followers on the whole pages before it
  seen          int not null default 0,
  added         int not null default 0,
  total         int not null default 0,
  error         text,
  attempts      int not null default 0,
  available_at  timestamptz not null,
  lease_until   timestamptz,
  started_at    timestamptz not null,
  changed_at    timestamptz not null,
  primary key (merchant_id)
);
select distribute('follower_syncs', 'merchant_id');
alter table follower_syncs add constraint follower_syncs_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table follower_syncs add constraint follower_syncs_state check (state in ('running', 'done', 'failed'));
create index follower_syncs_running on follower_syncs (available_at) where state = 'running';

-- What WeChat is to be told of a payment's shipping: queued -> sending -> sent, or parked for a person. One row per
-- payment; a further parcel queues it again with all parcels, since WeChat wants the whole list each time.
create table shipping_uploads (
  merchant_id    uuid not null,
  upload_id      uuid not null,
  reference_id   uuid not null,           -- the order
  reference_no   text not null,
  out_trade_no   text not null,
  transaction_id text not null,
  openid         text not null,
  shipment       jsonb not null,
  revision       int not null default 1,  -- grows with each change of the shipment
  sent_revision  int not null default 0,
  state          text not null,
  attempts       int not null default 0,
  available_at   timestamptz not null,
  errcode        int,
  error          text,
  created_at     timestamptz not null,
  changed_at     timestamptz not null,
  sent_at        timestamptz,
  received_at    timestamptz,             -- the shopper confirmed at WeChat, or the time for it ran out
  primary key (merchant_id, upload_id)
);
select distribute('shipping_uploads', 'merchant_id');
alter table shipping_uploads add constraint shipping_uploads_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
alter table shipping_uploads add constraint shipping_uploads_payment_key unique (merchant_id, out_trade_no);
alter table shipping_uploads add constraint shipping_uploads_state
  check (state in ('queued', 'sending', 'sent', 'parked'));
alter table shipping_uploads add constraint shipping_uploads_revision check (sent_revision between 0 and revision);
alter table shipping_uploads add constraint shipping_uploads_sent check (state <> 'sent' or sent_at is not null);
create index shipping_uploads_due on shipping_uploads (available_at) where state = 'queued';
create index shipping_uploads_sending on shipping_uploads (changed_at) where state = 'sending';
create index shipping_uploads_by_state on shipping_uploads (merchant_id, state, upload_id);
