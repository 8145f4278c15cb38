"""Makes a demo merchant in one transaction: all of it is there, or nothing."""

import asyncio
from collections.abc import Sequence

import msgspec

from bihuan import catalog, channels, identity, inventory, merchants, staff, wallet
from bihuan.catalog import Encoded, NewCategory
from bihuan.channels import KeywordReply, NewLabel, Replies
from bihuan.demo import pictures, tills
from bihuan.demo.pictures import Drawn
from bihuan.demo.plan import Person, Place, Shop
from bihuan.demo.signins import SignIn, SignIns, new_password
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LabelId, LocationId, MerchantId, SkuId, StoreId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.staff import Staff
from bihuan.wallet import GiftRule


class Made(msgspec.Struct, frozen=True):
    """A new merchant, and its labels, which have no code of WeChat's yet."""

    merchant: Merchant
    label_ids: list[LabelId] = []


def logins_of(shop: Shop, known: SignIns) -> SignIns:
    """The sign-ins that a shop needs; passwords that are known stay."""

    def one(login: str, name: str) -> SignIn:
        return known.find(login) or SignIn(shop.name, shop.code, login, new_password(), name)

    people = [one(login, person.name) for _, person, login in _people(shop)]
    return SignIns([one(shop.code, shop.owner)], people)


def _people(shop: Shop) -> list[tuple[Place, Person, str]]:
    """Who works where, with the login: qingshan-1, qingshan-2, ..."""
    everybody = [(place, person) for place in shop.places for person in place.people]
    return [(place, person, f"{shop.code}-{number}") for number, (place, person) in enumerate(everybody, 1)]


async def create(rt: Runtime, shop: Shop, logins: SignIns) -> Made:
    """The merchant with everything that needs no WeChat. Raises CodeTaken when it is there."""
    await catalog.warm_up()
    drawn = await asyncio.to_thread(pictures.draw, shop)
    async with rt.db.transaction() as tx:
        merchant = await merchants.create(
            tx,
            code=shop.code,
            name=shop.name,
            intro=shop.intro,
            theme_color=shop.theme,
            freight_fen=shop.freight_fen,
            freight_free_from_fen=shop.freight_free_from_fen,
        )
        mid = merchant.merchant_id
        owner = logins.get(shop.code)
        await staff.create_owner(tx, mid, owner.login, owner.password, owner.name)
        labels = await _create_places(tx, mid, shop, logins)
        await _create_goods(tx, rt, mid, shop, drawn)
        labels.append(await _label(tx, mid, NewLabel(kind="campaign", name="开业海报")))
        texts = [KeywordReply(word, "contains", reply) for word, reply in shop.keywords.items()]
        await channels.save_replies(tx, mid, Replies(shop.welcome, texts))
        gifts = [GiftRule(100_00, 10_00), GiftRule(300_00, 40_00), GiftRule(500_00, 80_00)]
        await wallet.save_settings(tx, mid, wallet.Settings(gift_rules=gifts))
        logo = await catalog.add_picture(tx, mid, rt.settings.home, drawn.logo)
        changed = await merchants.update(tx, mid, logo_url=logo.url)
        await tills.open_at(tx, changed)
        return Made(changed, labels)


async def create_platform(rt: Runtime, logins: SignIns) -> Made:
    """The platform with its operator, its name and logo as the demo shows them."""
    operator = logins.get("operator")
    logo = await asyncio.to_thread(pictures.draw_logo, "bihuan", "#24514a")
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        await staff.create_owner(tx, platform.merchant_id, operator.login, operator.password, operator.name)
        url = (await catalog.add_picture(tx, platform.merchant_id, rt.settings.home, logo)).url
        return Made(await merchants.update(tx, platform.merchant_id, name="闭环商城", logo_url=url))


async def restore(rt: Runtime, merchant: Merchant, shop: Shop | None, logins: SignIns, known: SignIns) -> None:
    """Mends what lies outside the database and got lost: passwords that nobody knows, picture files."""
    async with rt.db.transaction() as tx:
        people = await staff.list_staff(tx, merchant.merchant_id)
        names = await identity.list_logins(tx, [person.user_id for person in people])
        operator = logins.get("operator")
        if shop is None and operator.login not in names.values():  # the platform is older than the demo
            await staff.create_owner(tx, merchant.merchant_id, operator.login, operator.password, operator.name)
        if logins != known:
            for person in people:
                login = logins.find(names[person.user_id])
                if login is not None and known.find(login.login) is None:
                    await identity.set_password(tx, person.user_id, login.password)
    if shop is not None and not (rt.settings.home / "media" / str(merchant.merchant_id)).is_dir():
        drawn = await asyncio.to_thread(pictures.draw, shop)
        async with rt.db.transaction() as tx:
            flat = [picture for of_item in drawn.items for picture in of_item]
            await _store(tx, rt, merchant.merchant_id, [drawn.logo, *drawn.icons, *flat])


async def _create_places(tx: Tx, merchant_id: MerchantId, shop: Shop, logins: SignIns) -> list[LabelId]:
    """Stores with their counters and people, and a printable code for each of them."""
    labels: list[NewLabel] = []
    for place in shop.places:
        store = await merchants.create_store(
            tx,
            merchant_id,
            code=place.code,
            name=place.name,
            province=place.province,
            city=place.city,
            district=place.district,
            address=place.address,
            phone=place.phone,
            hours=place.hours,
        )
        for number, name in enumerate(place.counters, 1):
            counter = await merchants.create_counter(tx, merchant_id, store.store_id, code=f"c{number}", name=name)
            title = f"{place.name} · {name}"
            labels.append(NewLabel(kind="counter", name=title, counter_id=counter.counter_id))
        for person in await _hire(tx, merchant_id, place, store.store_id, shop, logins):
            title = f"{place.name} · {person.name}"
            labels.append(NewLabel(kind="staff", name=title, staff_id=person.staff_id))
        labels.append(NewLabel(kind="store", name=place.name, store_id=store.store_id))
    return [await _label(tx, merchant_id, label) for label in labels]


async def _label(tx: Tx, merchant_id: MerchantId, label: NewLabel) -> LabelId:
    return (await channels.create_label(tx, merchant_id, label)).label_id


async def _hire(
    tx: Tx, merchant_id: MerchantId, place: Place, store_id: StoreId, shop: Shop, logins: SignIns
) -> list[Staff]:
    return [
        await staff.create(
            tx,
            merchant_id,
            login=login,
            password=logins.get(login).password,
            name=person.name,
            role=person.role,
            store_id=store_id,
        )
        for where, person, login in _people(shop)
        if where is place
    ]


async def _create_goods(tx: Tx, rt: Runtime, merchant_id: MerchantId, shop: Shop, drawn: Drawn) -> None:
    """Categories, products on sale, and their stock in the warehouse and the stores."""
    shelves = {
        name: await catalog.create_category(tx, merchant_id, NewCategory(name=name, icon_url=url, position=position))
        for position, (name, url) in enumerate(
            zip(shop.categories, await _store(tx, rt, merchant_id, drawn.icons), strict=True)
        )
    }
    products = [
        item.product(await _store(tx, rt, merchant_id, covers), shelves[item.category].category_id)
        for item, covers in zip(shop.items, drawn.items, strict=True)
    ]
    ids = await catalog.create_products(tx, merchant_id, products, state="published")
    locations = await merchants.list_locations(tx, merchant_id)
    rows: list[tuple[SkuId, LocationId, int]] = []
    for item, product_id in zip(shop.items, ids, strict=True):
        product = await catalog.get_product(tx, merchant_id, product_id)
        for place, sku in enumerate(product.skus):
            for location in locations:
                pieces = item.stock.warehouse if location.is_default else item.stock.store
                # Not the same everywhere: a mall with round numbers looks made up.
                pieces = max(0, pieces + (place * 7 + len(rows) * 3) % 5 - 2) if pieces else 0
                rows.append((sku.sku_id, location.location_id, pieces))
    await inventory.receive(tx, merchant_id, [row for row in rows if row[2]], "开业备货")


async def _store(tx: Tx, rt: Runtime, merchant_id: MerchantId, encoded: Sequence[Encoded]) -> list[str]:
    return [(await catalog.add_picture(tx, merchant_id, rt.settings.home, picture)).url for picture in encoded]
