"""A small marketplace of our own in the tables of Olist, to be spoilt row by row."""

import csv
from pathlib import Path

from bihuan.importers.olist import source

HEADERS = {
    source.CUSTOMERS: "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state",
    source.SELLERS: "seller_id,seller_zip_code_prefix,seller_city,seller_state",
    source.CATEGORIES: "product_category_name,product_category_name_english",
    source.PRODUCTS: "product_id,product_category_name,product_name_lenght,product_description_lenght,"
    "product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm",
    source.ORDERS: "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date",
    source.ITEMS: "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
    source.PAYMENTS: "order_id,payment_sequential,payment_type,payment_installments,payment_value",
}

Tables = dict[str, list[list[str]]]


def make() -> Tables:
    """Five orders, one of each fate; the first has two sellers and three payments."""
    day = "2018-03-0"
    return {
        source.CUSTOMERS: [[f"c{n}", f"p{min(n, 4)}", "01310", "sao paulo", "SP"] for n in range(1, 6)],
        source.SELLERS: [["s1", "01310", "campinas", "SP"], ["s2", "80010", "curitiba", "PR"]],
        source.CATEGORIES: [["cama_mesa_banho", "bed_bath_table"]],
        source.PRODUCTS: [
            ["g1", "cama_mesa_banho", "40", "200", "1", "650", "28", "9", "14"],
            ["g2", "", "40", "200", "1", "", "", "", ""],
            ["g3", "pc_gamer", "40", "200", "1", "100", "1", "1", "1"],
        ],
        source.ORDERS: [
            ["o1", "c1", "delivered", f"{day}1 10:00:00", f"{day}1 10:05:00", f"{day}2 09:00:00", f"{day}5 18:00:00",
             ""],
            ["o2", "c2", "shipped", f"{day}2 10:00:00", f"{day}2 11:00:00", f"{day}3 09:00:00", "", ""],
            ["o3", "c3", "canceled", f"{day}3 10:00:00", f"{day}3 11:00:00", "", "", ""],
            ["o4", "c4", "invoiced", f"{day}4 10:00:00", f"{day}4 10:00:00", "", "", ""],
            ["o5", "c5", "created", f"{day}5 10:00:00", "", "", "", ""],
        ],
        source.ITEMS: [
            ["o1", "1", "g1", "s1", "", "10.00", "1.50"],
            ["o1", "2", "g1", "s1", "", "10.00", "1.50"],
            ["o1", "3", "g1", "s2", "", "12.5", "2"],
            ["o2", "1", "g2", "s1", "", "99.90", "0.00"],
            ["o3", "1", "g1", "s1", "", "11.00", "1.50"],
            ["o4", "1", "g3", "s2", "", "5.05", "0.10"],
            ["o5", "1", "g2", "s1", "", "99.90", "5.00"],
        ],
        source.PAYMENTS: [
            ["o1", "2", "voucher", "1", "3.00"],
            ["o1", "1", "credit_card", "3", "30.00"],
            ["o1", "3", "voucher", "1", "4.50"],
            ["o2", "1", "boleto", "1", "99.90"],
            ["o3", "1", "debit_card", "1", "12.50"],
            ["o4", "1", "credit_card", "1", "5.15"],
            ["o5", "1", "boleto", "1", "104.90"],
        ],
    }  # fmt: skip


def grow(tables: Tables, orders: int) -> Tables:
    """As many more sound orders of one piece, spread over sellers of their own."""
    for n in range(orders):
        key, seller = f"x{n}", f"t{n % 97}"
        if n < 97:
            tables[source.SELLERS].append([seller, "1", "recife", "PE"])
        minute = f"2017-{1 + n % 12:02}-{1 + n % 28:02} {n % 24:02}:{n % 60:02}:00"
        tables[source.CUSTOMERS].append([f"cx{n}", f"px{n % 500}", "1", "recife", "PE"])
        tables[source.ORDERS].append([key, f"cx{n}", "delivered", *[minute] * 4, ""])
        tables[source.ITEMS].append([key, "1", f"g{1 + n % 3}", seller, "", f"{1 + n % 90}.{n % 100:02}", "1.00"])
        tables[source.PAYMENTS].append([key, "1", "credit_card", "1", f"{2 + n % 90}.{n % 100:02}"])
    return tables


def write(folder: Path, tables: Tables) -> Path:
    """The tables as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, rows in tables.items():
        with (folder / file).open("w", newline="", encoding="utf-8") as lines:
            lines.write(HEADERS[file] + "\n")
            csv.writer(lines).writerows(rows)
    return folder
