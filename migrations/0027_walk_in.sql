-- Who pays at a till without showing a card is nobody: one such shopper a merchant, marked so that
-- no check expects a member's card or points of her.
alter table shoppers add column walk_in boolean not null default false;
update shoppers s set walk_in = true
  where s.nickname = '散客'
    and not exists (select from shopper_identities i where i.shopper_id = s.shopper_id)
    and not exists (select from shopper_unionids u where u.shopper_id = s.shopper_id);
