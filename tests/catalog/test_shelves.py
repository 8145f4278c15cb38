"""Categories and pictures."""

import io
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from bihuan import catalog
from bihuan.catalog import (
    CategoryInUse,
    CategoryNameTaken,
    InvalidCategory,
    NewCategory,
    Picture,
    encode_upload,
    pictures,
)
from bihuan.catalog.errors import BadPicture, PictureTooLarge
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import CategoryId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

from .conftest import MakeProduct


async def test_categories_form_a_shallow_tree(rt: Runtime, merchant: Merchant) -> None:
    mid = merchant.merchant_id
    async with rt.db.transaction() as tx:
        a = await catalog.create_category(tx, mid, NewCategory(name="a", position=2))
        b = await catalog.create_category(tx, mid, NewCategory(name="b", parent_id=a.category_id))
        c = await catalog.create_category(tx, mid, NewCategory(name="c", parent_id=b.category_id, position=1))
        listed = await catalog.list_categories(tx, mid)
        assert [category.name for category in listed] == ["b", "c", "a"]
        for parent, rule in (
            (c.category_id, "too_deep"),
            (CategoryId(uuid4()), "unknown_category"),
        ):
            with pytest.raises(InvalidCategory) as caught:
                await catalog.create_category(tx, mid, NewCategory(name="d", parent_id=parent))
            assert caught.value.faults[0].rule == rule
        with pytest.raises(InvalidCategory) as caught:  # a ring
            await catalog.update_category(tx, mid, a.category_id, NewCategory(name="a", parent_id=c.category_id))
        assert caught.value.faults[0].rule == "ring"
        top = await catalog.create_category(tx, mid, NewCategory(name="top"))
        with pytest.raises(InvalidCategory):  # a's subtree has three levels already
            await catalog.update_category(tx, mid, a.category_id, NewCategory(name="a", parent_id=top.category_id))
        moved = await catalog.update_category(tx, mid, c.category_id, NewCategory(name="c2"))
        assert (moved.parent_id, moved.name, moved.position) == (None, "c2", 1)


async def test_siblings_have_names_of_their_own(rt: Runtime, merchant: Merchant, other_merchant: Merchant) -> None:
    mid = merchant.merchant_id
    async with rt.db.transaction() as tx:
        a = await catalog.create_category(tx, mid, NewCategory(name="上衣"))
        with pytest.raises(CategoryNameTaken):
            await catalog.create_category(tx, mid, NewCategory(name=" 上衣 "))
        await catalog.create_category(tx, mid, NewCategory(name="上衣", parent_id=a.category_id))
        await catalog.create_category(tx, other_merchant.merchant_id, NewCategory(name="上衣"))


async def test_a_category_in_use_stays(
    rt: Runtime, merchant: Merchant, other_merchant: Merchant, make: MakeProduct
) -> None:
    mid = merchant.merchant_id
    async with rt.db.transaction() as tx:
        a = await catalog.create_category(tx, mid, NewCategory(name="a"))
        b = await catalog.create_category(tx, mid, NewCategory(name="b", parent_id=a.category_id))
        product = await catalog.create_product(tx, mid, make(category_ids=[b.category_id]))
        for category in (a, b):
            with pytest.raises(CategoryInUse):
                await catalog.delete_category(tx, mid, category.category_id)
        with pytest.raises(NotFound):
            await catalog.delete_category(tx, other_merchant.merchant_id, a.category_id)
        await catalog.update_product(tx, mid, product.product_id, make())
        await catalog.delete_category(tx, mid, b.category_id)
        await catalog.delete_category(tx, mid, a.category_id)
        assert await catalog.list_categories(tx, mid) == []


def _file(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, (200, 30, 30, 128)[: len(mode)] if mode != "P" else 3).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "RGB"), ("WEBP", "RGB")])
async def test_pictures_are_encoded_anew(kind: str, mode: str) -> None:
    encoded = await encode_upload(_file(kind, mode=mode))
    with Image.open(io.BytesIO(encoded.data)) as image:
        assert (image.format, image.size) == ("WEBP", (64, 48))
        assert image.mode == ("RGBA" if mode == "RGBA" else "RGB")
    assert (encoded.width, encoded.height) == (64, 48)


async def test_large_pictures_are_scaled_down_and_metadata_is_lost() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    exif[0x010F] = "a camera"
    Image.new("RGB", (3200, 800), "white").save(buffer, "JPEG", exif=exif)
    encoded = await encode_upload(buffer.getvalue())
    assert (encoded.width, encoded.height) == (400, 1600)
    with Image.open(io.BytesIO(encoded.data)) as image:
        assert not image.getexif()


@pytest.mark.parametrize(
    "data",
    [
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        _file("GIF", mode="P"),
        _file("PNG")[:60],
        _file("JPEG", (200, 200))[:200],
        _file("PNG", (4, 4)),
    ],
)
async def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadPicture):
        await encode_upload(data)


async def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    with pytest.raises(PictureTooLarge):
        await encode_upload(_file("PNG", (8000, 8000), "L"))
    with pytest.raises(PictureTooLarge):
        await encode_upload(b"\x89PNG" + bytes(pictures.MAX_BYTES))


async def test_only_own_pictures_are_shown(
    rt: Runtime, merchant: Merchant, other_merchant: Merchant, make: MakeProduct, tmp_path: Path
) -> None:
    picture = await encode_upload(_file("PNG"))
    async with rt.db.transaction() as tx:
        mine = await catalog.add_picture(tx, merchant.merchant_id, tmp_path, picture)
        again = await catalog.add_picture(tx, merchant.merchant_id, tmp_path, picture)
        theirs = await catalog.add_picture(tx, other_merchant.merchant_id, tmp_path, picture)
        assert mine == again
        assert theirs.url != mine.url
        product = await catalog.create_product(tx, merchant.merchant_id, make(media=[Picture(mine.url)]))
        assert product.cover_url == mine.url
        for url in (theirs.url, mine.url.replace(picture.hash, "0" * 32), mine.url + "?x", "/media/../../etc/passwd"):
            with pytest.raises(catalog.InvalidProduct):
                await catalog.update_product(tx, merchant.merchant_id, product.product_id, make(media=[Picture(url)]))
        await catalog.create_category(tx, merchant.merchant_id, NewCategory(name="x", icon_url=mine.url))
        with pytest.raises(InvalidCategory):
            await catalog.create_category(tx, merchant.merchant_id, NewCategory(name="y", icon_url=theirs.url))
    assert await pictures.read(tmp_path, merchant.merchant_id, picture.hash) == picture.data
    assert await pictures.read(tmp_path, merchant.merchant_id, "../x") is None


async def test_an_imported_picture_may_stay_where_it_is(rt: Runtime, merchant: Merchant, make: MakeProduct) -> None:
    new = make(media=[Picture("https://pictures.example/1.jpg")])
    async with rt.db.transaction() as tx:
        product = await catalog.create_product(tx, merchant.merchant_id, new, check_media=False)
        kept = await catalog.update_product(tx, merchant.merchant_id, product.product_id, new)
        assert kept.cover_url == product.cover_url == "https://pictures.example/1.jpg"
