"""Pictures that tell of a case: decoded and encoded anew, a bounded number a day, shown by whoever uploaded them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from bihuan import catalog
from bihuan.aftersale import db_lists
from bihuan.aftersale.errors import PicturesNotOwn, TooManyUploads
from bihuan.aftersale.rules import MOST_PICTURES, MOST_UPLOADS_A_DAY
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime


async def check_room(tx: Tx, merchant_id: MerchantId, uploader_id: UUID) -> None:
    """Before a picture is even decoded. Raises TooManyUploads."""
    if await db_lists.count_uploads(tx, merchant_id, uploader_id, tx.now - timedelta(days=1)) >= MOST_UPLOADS_A_DAY:
        raise TooManyUploads


async def store(rt: Runtime, merchant_id: MerchantId, uploader_id: UUID, content: bytes) -> str:
    """Stores an upload; returns its address. Raises TooManyUploads, catalog.BadPicture, catalog.PictureTooLarge."""
    async with rt.db.session() as tx:
        await check_room(tx, merchant_id, uploader_id)
    picture = await catalog.encode_upload(content)
    await catalog.write_picture(rt.settings.home, merchant_id, picture)
    async with rt.db.transaction() as tx:
        await db_lists.insert_picture(tx, merchant_id, uploader_id, picture.hash)
    return catalog.picture_url(merchant_id, picture.hash)


async def check_own(tx: Tx, merchant_id: MerchantId, uploader_id: UUID, urls: Sequence[str]) -> None:
    """Raises PicturesNotOwn unless this person uploaded them all."""
    if not urls:
        return
    hashes = [catalog.picture_hash(merchant_id, url) for url in urls]
    own = {name for name in hashes if name}
    if len(urls) > MOST_PICTURES or None in hashes:
        raise PicturesNotOwn
    if await db_lists.list_known(tx, merchant_id, uploader_id, sorted(own)) != own:
        raise PicturesNotOwn
