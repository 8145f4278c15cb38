-- Payments through a service provider, payments in a mobile browser, and callbacks that were refused.

-- A merchant's account may stand under the platform's service-provider account: then `mchid` is its sub_mchid,
-- `sp_mchid` the provider's number, and the provider's account holds all the keys.
alter table payment_accounts add column sp_mchid text not null default '';
alter table payment_accounts add column profit_sharing boolean not null default false;
create index payment_accounts_of_provider on payment_accounts (sp_mchid, mchid) where sp_mchid <> '';

-- H5: `code_url` is the page to open, which lives five minutes.
alter table payment_attempts drop constraint payment_attempts_method_check;
alter table payment_attempts add constraint payment_attempts_method_check check (
  method in ('wechat_jsapi', 'wechat_mini', 'wechat_native', 'wechat_h5')
  or (mchid = '' and method ~ '^[a-z][a-z_]{0,39}$'));

-- What came to a merchant's payment callbacks and was refused: one row per reason and hour however many came, so
-- that a flood fills no disk. `detail` is of the last one, and nothing in it is to be believed.
create table payment_refused_callbacks (
  merchant_id uuid not null,
  hour        timestamptz not null,
  reason      text not null check (reason ~ '^[a-z_]{1,40}$'),
  status      int not null,
  times       bigint not null check (times > 0),
  detail      text not null,
  first_at    timestamptz not null,
  last_at     timestamptz not null,
  primary key (merchant_id, hour, reason)
);
select distribute('payment_refused_callbacks', 'merchant_id');
alter table payment_refused_callbacks add constraint payment_refused_callbacks_merchant
  foreign key (merchant_id) references merchants (merchant_id);
create index payment_refused_callbacks_old on payment_refused_callbacks (hour);

-- Planned for the arrays that come: the plan kept for arrays of any size loops entry by transaction, which made
-- posting two thirds of what a batch of notifications costs.
alter function ledger_post set plan_cache_mode = force_custom_plan;
