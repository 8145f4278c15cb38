-- Who works for a merchant, as what, and where.

create table staff (
  merchant_id uuid not null,
  staff_id    uuid not null,
  user_id     uuid not null,
  name        text not null,
  role        text not null,
  store_id    uuid,
  state       text not null,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (merchant_id, staff_id)
);
select distribute('staff', 'merchant_id');
alter table staff add constraint staff_merchant_fk foreign key (merchant_id) references merchants (merchant_id);
alter table staff add constraint staff_user_fk foreign key (user_id) references users (user_id);
alter table staff add constraint staff_store_fk
  foreign key (merchant_id, store_id) references stores (merchant_id, store_id);
alter table staff add constraint staff_role check (role in ('owner', 'manager', 'clerk', 'finance'));
alter table staff add constraint staff_state check (state in ('active', 'disabled'));
alter table staff add constraint staff_user_key unique (merchant_id, user_id);
create index staff_by_store on staff (merchant_id, store_id);

-- From a user to her one place of work: small and read at every request of the console, so a reference table.
create table staff_users (
  user_id     uuid not null,
  merchant_id uuid not null,
  staff_id    uuid not null,
  primary key (user_id)
);
select distribute('staff_users');
alter table staff_users add constraint staff_users_user_fk foreign key (user_id) references users (user_id);
create index staff_users_by_merchant on staff_users (merchant_id);
