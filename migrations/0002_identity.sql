-- Who people are: shoppers by their WeChat identities, users by login and password, and users' sessions.
-- A shopper's rows lead with shopper_id; what is looked up by something else (openid, unionid, a token's
-- hash) is keyed by that, so no unique key spans a cluster.

create table shoppers (
  shopper_id  uuid not null,
  nickname    text,
  avatar_url  text,
  merged_into uuid,               -- another shopper who turned out to be the same person
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (shopper_id)
);
select distribute('shoppers', 'shopper_id');
alter table shoppers add constraint shoppers_not_merged_into_herself check (merged_into <> shopper_id);

-- One WeChat identity belongs to one shopper.
create table shopper_identities (
  openid     text not null,
  appid      text not null,
  shopper_id uuid not null,
  created_at timestamptz not null,
  primary key (openid, appid)
);
select distribute('shopper_identities', 'openid');
create index shopper_identities_by_shopper on shopper_identities (shopper_id, appid);

-- One unionid is one shopper, whichever app she came through.
create table shopper_unionids (
  unionid    text not null,
  shopper_id uuid not null,
  created_at timestamptz not null,
  primary key (unionid)
);
select distribute('shopper_unionids', 'unionid');
create index shopper_unionids_by_shopper on shopper_unionids (shopper_id);

create table addresses (
  shopper_id uuid not null,
  address_id uuid not null,
  name       text not null,
  phone      text not null,
  province   text not null,
  city       text not null,
  district   text not null,
  street     text not null,
  is_default boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (shopper_id, address_id)
);
select distribute('addresses', 'shopper_id');
alter table addresses add constraint addresses_shopper_fk foreign key (shopper_id) references shoppers (shopper_id);
create unique index addresses_one_default on addresses (shopper_id) where is_default;

-- People who sign in with a password: merchants' staff and operators. Few, so a reference table.
create table users (
  user_id             uuid not null,
  login               text not null,
  password_hash       text not null,
  password_changed_at timestamptz not null,
  created_at          timestamptz not null,
  primary key (user_id)
);
select distribute('users');
alter table users add constraint users_login_key unique (login);
alter table users add constraint users_login_is_folded check (login = lower(login));

-- A session's token is 256 random bits that only its holder has; here lies its SHA-256.
create table sessions (
  token_hash bytea not null,
  user_id    uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ends_at    timestamptz not null,   -- however much it is used
  address    text,
  user_agent text,
  primary key (token_hash)
);
select distribute('sessions', 'token_hash');
alter table sessions add constraint sessions_user_fk foreign key (user_id) references users (user_id);
create index sessions_by_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

-- How often a login or an address was tried lately. An attempt is counted before the password is looked at,
-- so that parallel guesses gain nothing, and unknown logins are counted like known ones.
create table sign_in_throttles (
  key       text not null,
  attempts  int not null,
  resets_at timestamptz not null,
  primary key (key)
);
select distribute('sign_in_throttles', 'key');
create index sign_in_throttles_by_reset on sign_in_throttles (resets_at);

-- Every attempt and how it ended; the application can add and, when old, remove, never rewrite.
create table sign_in_attempts (
  attempt_id  uuid not null,
  login       text not null,
  user_id     uuid,
  outcome     text not null,
  address     text,
  user_agent  text,
  occurred_at timestamptz not null,
  primary key (attempt_id)
);
select distribute('sign_in_attempts', 'attempt_id');
alter table sign_in_attempts add constraint sign_in_attempts_outcome check (
  outcome in ('signed_in', 'wrong_password', 'unknown_login', 'not_admitted', 'locked', 'throttled'));
create index sign_in_attempts_by_user on sign_in_attempts (user_id, attempt_id);
create index sign_in_attempts_by_age on sign_in_attempts (occurred_at);
revoke update on sign_in_attempts from bihuan_app;
