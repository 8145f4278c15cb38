-- Notices may tell a member that points are about to expire.
alter table notice_templates drop constraint notice_templates_kind;
alter table notice_templates add constraint notice_templates_kind
  check (kind in ('order_paid', 'order_shipped', 'refund_done', 'points_expiring'));
