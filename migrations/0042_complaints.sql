-- Complaints that shoppers made at WeChat Pay (消费者投诉): what WeChat told of them, what was said, what we answer.

-- Accounts that sign for themselves: whether WeChat knows where to tell of their complaints, and when they were
-- last gone through.
create table complaint_desks (
  merchant_id uuid not null,
  mchid       text not null,
  url         text,                      -- where WeChat tells of complaints, as it last said
  checked_at  timestamptz,               -- when it said so
  swept_at    timestamptz,               -- when the complaints of the last days were last gone through
  error       text,                      -- why not
  due_at      timestamptz not null,
  created_at  timestamptz not null,
  primary key (merchant_id, mchid)
) with (fillfactor = 80);
select distribute('complaint_desks', 'merchant_id');
alter table complaint_desks add constraint complaint_desks_merchant
  foreign key (merchant_id) references merchants (merchant_id);
create index complaint_desks_due on complaint_desks (due_at);

-- Complaints that have to be asked about: told by a notification, found by going through them, or just answered.
-- A provider's account is told of its sub-merchants' complaints, so these are rows of whose account was told.
create table complaint_news (
  merchant_id  uuid not null,
  mchid        text not null,            -- the account that asks
  complaint_no text not null,
  told_at      timestamptz not null,     -- the latest time
  attempts     int not null default 0,
  due_at       timestamptz not null,
  primary key (merchant_id, mchid, complaint_no)
) with (fillfactor = 80);
select distribute('complaint_news', 'merchant_id');
alter table complaint_news add constraint complaint_news_merchant
  foreign key (merchant_id) references merchants (merchant_id);
create index complaint_news_due on complaint_news (due_at);

create table complaints (
  merchant_id    uuid not null,
  complaint_id   uuid not null,
  complaint_no   text not null,          -- WeChat's complaint_id
  mchid          text not null,          -- who is complained about
  state          text not null,
  problem_type   text not null,
  problem        text not null,
  detail         text not null,
  pictures       jsonb not null default '[]',
  openid         text not null default '',
  transaction_id text not null default '',
  out_trade_no   text not null default '',
  amount_fen     bigint not null,        -- of the payment
  asked_fen      bigint,                 -- what she asks back
  full_refunded  boolean not null,
  user_waits     boolean not null,       -- she said something that nobody answered
  platform_helps boolean not null,       -- WeChat's service has been called in
  times          int not null,           -- how often she complained
  order_id       uuid,
  order_no       text,
  complained_at  timestamptz not null,
  answered_at    timestamptz,            -- the first answer
  fetched_at     timestamptz not null,   -- when WeChat was asked for what stands here
  created_at     timestamptz not null,
  waits          boolean not null generated always as (state = 'pending' or user_waits) stored,
  primary key (merchant_id, complaint_id)
) with (fillfactor = 80);
select distribute('complaints', 'merchant_id');
alter table complaints add constraint complaints_merchant foreign key (merchant_id) references merchants (merchant_id);
alter table complaints add constraint complaints_order
  foreign key (merchant_id, order_id) references orders (merchant_id, order_id);
alter table complaints add constraint complaints_state check (state in ('pending', 'processing', 'processed'));
alter table complaints add constraint complaints_amounts check (amount_fen >= 0 and asked_fen >= 0 and times >= 0);
alter table complaints add constraint complaints_order_whole check ((order_id is null) = (order_no is null));
create unique index complaints_by_no on complaints (merchant_id, complaint_no);
create index complaints_latest on complaints (merchant_id, complained_at desc, complaint_id desc);
create index complaints_by_state on complaints (merchant_id, state, complained_at desc, complaint_id desc);
create index complaints_waiting on complaints (merchant_id, complained_at desc, complaint_id desc) where waits;
create index complaints_by_order on complaints (merchant_id, order_id) where order_id is not null;

-- What was said and done, as WeChat keeps it.
create table complaint_events (
  merchant_id  uuid not null,
  complaint_id uuid not null,
  log_no       text not null,            -- WeChat's log_id
  ordinal      int not null,             -- from the beginning of the history
  operator     text not null,
  kind         text not null,            -- WeChat's operate_type
  details      text not null,
  pictures     jsonb not null default '[]',
  happened_at  timestamptz not null,
  primary key (merchant_id, complaint_id, log_no)
);
select distribute('complaint_events', 'merchant_id');
alter table complaint_events add constraint complaint_events_complaint
  foreign key (merchant_id, complaint_id) references complaints (merchant_id, complaint_id);
revoke update, delete on complaint_events from bihuan_app;

-- What the merchant says: written before WeChat is called, with what came of it.
create table complaint_answers (
  merchant_id  uuid not null,
  answer_id    uuid not null,
  complaint_id uuid not null,
  kind         text not null,
  content      text not null default '',
  pictures     jsonb not null default '[]',
  state        text not null default 'sending',
  error        text,                     -- in WeChat's words
  staff_id     uuid,
  attempts     int not null default 0,
  due_at       timestamptz not null,     -- when the job looks what became of it
  created_at   timestamptz not null,
  ended_at     timestamptz,
  primary key (merchant_id, answer_id)
) with (fillfactor = 80);
select distribute('complaint_answers', 'merchant_id');
alter table complaint_answers add constraint complaint_answers_complaint
  foreign key (merchant_id, complaint_id) references complaints (merchant_id, complaint_id);
alter table complaint_answers add constraint complaint_answers_kind check (kind in ('reply', 'complete'));
alter table complaint_answers add constraint complaint_answers_state check (state in ('sending', 'sent', 'refused'));
alter table complaint_answers add constraint complaint_answers_ended
  check ((state = 'sending') = (ended_at is null));
alter table complaint_answers add constraint complaint_answers_words
  check ((kind = 'reply') = (content <> ''));
-- One at a time: a reply and then the end must reach the shopper in this order.
create unique index complaint_answers_one on complaint_answers (merchant_id, complaint_id) where state = 'sending';
create index complaint_answers_of on complaint_answers (merchant_id, complaint_id);
create index complaint_answers_due on complaint_answers (due_at) where state = 'sending';
