-- Two entries less per placed order, and two less when it is paid for.
--
-- A shopper's own orders are few and found by orders_by_key, which begins with her; the walk-in shopper of a till
-- has many, and nobody lists hers. Unpaid orders leave within minutes and are found by orders_expiring; what a
-- merchant looks for by state is what was paid, or ended.
drop index orders_by_shopper;
drop index orders_by_state;
create index orders_by_state on orders (merchant_id, state, order_id desc) where state <> 'unpaid';
