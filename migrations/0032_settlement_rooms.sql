-- What the settlement rooms of operators list over all merchants, and how a posting of the platform's book finds what
-- it was for: there the id is known, but not the merchant.

create index statements_unpaid on statements (merchant_id) where state = 'closed';
create index statements_by_id on statements (statement_id);
create index payouts_by_id on payouts (payout_id);
create index settlement_adjustments_by_id on settlement_adjustments (adjustment_id);
create index plan_invoices_by_id on plan_invoices (invoice_id);
create index commissions_by_order on commissions (order_id);
create index commission_returns_by_decision on commission_returns (decision_id);
create index sharing_orders_by_id on sharing_orders (sharing_order_id);
create index sharing_returns_by_id on sharing_returns (return_id);
