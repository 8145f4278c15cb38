"""The tables of Olist as rows that hold together: each checked by itself, and against what it names."""

from datetime import datetime
from pathlib import Path

import msgspec

from bihuan.importers.olist.tables import Bad, Row, read
from bihuan.importers.reporting import Rejected

CUSTOMERS = "olist_customers_dataset.csv"
SELLERS = "olist_sellers_dataset.csv"
PRODUCTS = "olist_products_dataset.csv"
CATEGORIES = "product_category_name_translation.csv"
ORDERS = "olist_orders_dataset.csv"
ITEMS = "olist_order_items_dataset.csv"
PAYMENTS = "olist_order_payments_dataset.csv"

METHODS = frozenset({"credit_card", "boleto", "voucher", "debit_card"})
STATUSES = frozenset(
    {"created", "approved", "processing", "invoiced", "shipped", "delivered", "canceled", "unavailable"}
)
_MEASURES = (
    ("重量 Weight", "product_weight_g", "g"),
    ("长 Length", "product_length_cm", "cm"),
    ("宽 Width", "product_width_cm", "cm"),
    ("高 Height", "product_height_cm", "cm"),
)


class Harmless(Bad):
    """An item or payment that is refused without its order: a repeat, or nothing. The sums still decide."""


class Customer(msgspec.Struct, frozen=True):
    """A delivery of a person: the tables have a customer per order, and one `person` behind several."""

    row: int
    person: str
    zip_prefix: str
    city: str
    state: str


class Seller(msgspec.Struct, frozen=True):
    """Somebody who sells."""

    row: Row
    seller_id: str
    city: str
    state: str


class Product(msgspec.Struct, frozen=True):
    """A product: the tables tell its category and measures, but no name."""

    row: Row
    product_id: str
    category: str
    measures: list[tuple[str, str]]


class Item(msgspec.Struct, frozen=True):
    """One piece in an order."""

    row: Row
    product_id: str
    seller_id: str
    price_fen: int
    freight_fen: int


class Payment(msgspec.Struct, frozen=True):
    """One means of payment of an order."""

    row: Row
    sequence: int
    method: str
    value_fen: int


class Order(msgspec.Struct, frozen=True):
    """An order with what belongs to it. `faults` are those of its items and payments."""

    row: Row
    order_id: str
    customer: Customer
    status: str
    purchased_at: datetime
    approved_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    items: list[Item] = []
    payments: list[Payment] = []
    faults: list[str] = []


class Source(msgspec.Struct):
    """All that was read. `rejected` grows while the import finds more."""

    customers: dict[str, Customer]
    sellers: dict[str, Seller]
    products: dict[str, Product]
    orders: dict[str, Order]
    rejected: list[Rejected]
    untranslated: set[str]


def load(folder: Path, now: datetime) -> Source:
    """Reads the seven tables that an import needs. Raises NotImportable for a missing file or column.

    The whole set lies in memory: about 5 KB an order.
    """
    source = Source({}, {}, {}, {}, [], set())
    _read_customers(source, folder)
    _read_sellers(source, folder)
    _read_products(source, folder)
    _read_orders(source, folder, now)
    _read_items(source, folder)
    _read_payments(source, folder)
    return source


def _read_customers(source: Source, folder: Path) -> None:
    columns = ("customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city", "customer_state")
    for row in read(folder, CUSTOMERS, columns, source.rejected):
        try:
            key, person = row.id(columns[0]), row.id(columns[1])
            if key in source.customers:
                raise Bad(f"customer_id {key} is that of row {source.customers[key].row}")
            source.customers[key] = Customer(row.number, person, *(row.text(column) for column in columns[2:]))
        except Bad as bad:
            source.rejected.append(row.reject(bad))


def _read_sellers(source: Source, folder: Path) -> None:
    for row in read(folder, SELLERS, ("seller_id", "seller_city", "seller_state"), source.rejected):
        try:
            key = row.id("seller_id")
            if key in source.sellers:
                raise Bad(f"seller_id {key} is that of row {source.sellers[key].row.number}")
            source.sellers[key] = Seller(row, key, row.text("seller_city"), row.text("seller_state"))
        except Bad as bad:
            source.rejected.append(row.reject(bad))


def _read_products(source: Source, folder: Path) -> None:
    names: dict[str, str] = {}
    columns = ("product_category_name", "product_category_name_english")
    for row in read(folder, CATEGORIES, columns, source.rejected):
        try:
            original, english = row.text(columns[0]), row.text(columns[1])
            if not original or not english:
                raise Bad("a name is missing")
            if original in names:
                raise Bad(f"{original} is translated twice")
            names[original] = english
        except Bad as bad:
            source.rejected.append(row.reject(bad))
    measures = [column for _, column, _ in _MEASURES]
    for row in read(folder, PRODUCTS, ("product_id", "product_category_name", *measures), source.rejected):
        try:
            key, category = row.id("product_id"), row.text("product_category_name")
            if key in source.products:
                raise Bad(f"product_id {key} is that of row {source.products[key].row.number}")
            told = [(name, f"{value} {unit}") for name, column, unit in _MEASURES if (value := row.text(column))]
            if category and category not in names:
                source.untranslated.add(category)
            source.products[key] = Product(row, key, names.get(category, category), told)
        except Bad as bad:
            source.rejected.append(row.reject(bad))


def _read_orders(source: Source, folder: Path, now: datetime) -> None:
    columns = ("order_id", "customer_id", "order_status", "order_purchase_timestamp", "order_approved_at",
               "order_delivered_carrier_date", "order_delivered_customer_date")  # fmt: skip
    for row in read(folder, ORDERS, columns, source.rejected):
        try:
            key, customer_id, status = row.id("order_id"), row.id("customer_id"), row.text("order_status")
            if key in source.orders:
                raise Bad(f"order_id {key} is that of row {source.orders[key].row.number}")
            customer = source.customers.get(customer_id)
            if customer is None:
                raise Bad(f"customer {customer_id} is not among the customers")
            if status not in STATUSES:
                raise Bad(f"order_status {status!r} is not known")
            purchased_at, approved_at, shipped_at, delivered_at = [row.time(column, now) for column in columns[3:]]
            if purchased_at is None:
                raise Bad("order_purchase_timestamp is missing")
            source.orders[key] = Order(row, key, customer, status, purchased_at, approved_at, shipped_at, delivered_at)
        except Bad as bad:
            source.rejected.append(row.reject(bad))


def _read_items(source: Source, folder: Path) -> None:
    columns = ("order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value")
    seen: dict[tuple[str, int], int] = {}
    for row in read(folder, ITEMS, columns, source.rejected):
        order: Order | None = None
        try:
            order = _order_of(source, row)
            place = (order.order_id, row.number_of("order_item_id"))
            if seen.setdefault(place, row.number) != row.number:
                raise Harmless(f"item {place[1]} of order {order.order_id} is that of row {seen[place]}")
            item = Item(row, row.id("product_id"), row.id("seller_id"), row.fen("price"), row.fen("freight_value"))
            if item.product_id not in source.products:
                raise Bad(f"product {item.product_id} is not among the products")
            if item.seller_id not in source.sellers:
                raise Bad(f"seller {item.seller_id} is not among the sellers")
            if item.price_fen == 0:
                raise Bad("price is zero")
            order.items.append(item)
        except Bad as bad:
            _refuse(source, row, order, bad)


def _read_payments(source: Source, folder: Path) -> None:
    seen: dict[tuple[str, int], int] = {}
    columns = ("order_id", "payment_sequential", "payment_type", "payment_value")
    for row in read(folder, PAYMENTS, columns, source.rejected):
        order: Order | None = None
        try:
            order = _order_of(source, row)
            sequence, value = row.number_of("payment_sequential"), row.fen("payment_value")
            place = (order.order_id, sequence)
            if seen.setdefault(place, row.number) != row.number:
                raise Harmless(f"payment {sequence} of order {order.order_id} is that of row {seen[place]}")
            if value == 0:
                raise Harmless("payment_value is zero: no money moved")
            method = row.text("payment_type")
            if method not in METHODS:
                raise Bad(f"payment_type {method!r} is not known")
            order.payments.append(Payment(row, sequence, method, value))
        except Bad as bad:
            _refuse(source, row, order, bad)


def _order_of(source: Source, row: Row) -> Order:
    key = row.id("order_id")
    order = source.orders.get(key)
    if order is None:
        raise Bad(f"order {key} is not among the orders, or was not imported")
    return order


def _refuse(source: Source, row: Row, order: Order | None, bad: Bad) -> None:
    """A bad item or payment is reported itself, and its order with it: half an order is a false one."""
    source.rejected.append(row.reject(bad))
    if order is not None and not isinstance(bad, Harmless):
        order.faults.append(f"{row.file} row {row.number}: {bad}")
