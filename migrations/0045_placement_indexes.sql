-- What each placed order paid for and nobody asked for. Of the CPU that PostgreSQL spends on an order, a tenth went into
-- looking up the order that the same statement had just written, for the sake of its line (`place_orders` is the one
-- writer of lines; `bihuan verify` proves that none is without its order), and nearly as much into two indexes that no
-- query reads. Without the one on open holds, ending a hold touches no index at all.

alter table order_lines drop constraint order_lines_order;
drop index holds_open;
drop index facts_by_kind;
