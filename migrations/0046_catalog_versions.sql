-- Which state of a merchant's catalogue is the present one: every change of what can be sold gives it a new version, in
-- the change's own transaction. Placement remembers goods by it, so that a flash sale reads a version and not its
-- goods over and over; see catalog/memory.py.
create table catalog_versions (
  merchant_id uuid primary key,
  version     uuid not null                     -- drawn at random: one that was rolled back never comes again
);
select distribute('catalog_versions', 'merchant_id');
alter table catalog_versions add constraint catalog_versions_merchant_fk
  foreign key (merchant_id) references merchants (merchant_id);
