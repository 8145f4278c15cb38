-- Whom a shopper can call about a case: the merchant's own number and hours; null: the number of the return address.
alter table aftersale_settings add column service_phone text;
alter table aftersale_settings add column service_hours text;
alter table aftersale_settings add constraint aftersale_settings_contact check (
  service_phone ~ '^[0-9+ -]{5,30}$' and char_length(service_hours) <= 60);
