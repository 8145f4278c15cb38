"""Notices of the mini program: templates and consents, rows and SQL."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId

NoticeKind = Literal["order_paid", "order_shipped", "refund_done", "points_expiring"]


class NoticeTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of notice is said. `data`: the template's field names -> text with {order_no}, {amount} ...

    `template_id` is the mini program's subscribe message, `official_template_id` the official account's template
    message that may stand in; empty for none.
    """

    kind: NoticeKind
    template_id: str = ""
    data: dict[str, str] = {}
    official_template_id: str = ""
    official_data: dict[str, str] = {}


async def list_templates(tx: Tx, merchant_id: MerchantId) -> list[NoticeTemplate]:
    """The merchant's templates."""
    rows = await tx.fetch(
        """select kind, template_id, data, official_template_id, official_data from notice_templates
           where merchant_id = $1 order by kind""",
        merchant_id,
    )
    return db.many(NoticeTemplate, rows)


async def find_template(tx: Tx, merchant_id: MerchantId, kind: str) -> NoticeTemplate | None:
    """The template of one kind."""
    row = await tx.fetchrow(
        """select kind, template_id, data, official_template_id, official_data from notice_templates
           where merchant_id = $1 and kind = $2""",
        merchant_id,
        kind,
    )
    return db.one_or_none(NoticeTemplate, row)


async def replace_templates(tx: Tx, merchant_id: MerchantId, templates: Sequence[NoticeTemplate]) -> None:
    """Writes all templates in place of those of before."""
    await tx.execute("delete from notice_templates where merchant_id = $1", merchant_id)
    await tx.executemany(
        """insert into notice_templates (merchant_id, kind, template_id, data, official_template_id, official_data,
             updated_at) values ($1, $2, $3, $4::jsonb, $5, $6::jsonb, $7)""",
        [
            (merchant_id, t.kind, t.template_id, t.data, t.official_template_id, t.official_data, tx.now)
            for t in templates
        ],
    )


async def add_consents(tx: Tx, merchant_id: MerchantId, openid: str, template_ids: Sequence[str], most: int) -> None:
    """A grant of each template: one message more, up to `most` in stock."""
    await tx.execute(
        """insert into notice_consents as c (merchant_id, openid, template_id, remaining, granted, changed_at)
           select $1, $2, t, 1, 1, $4 from unnest($3::text[]) as t
           on conflict (merchant_id, openid, template_id) do update
             set remaining = least(c.remaining + 1, $5), granted = c.granted + 1, changed_at = excluded.changed_at""",
        merchant_id,
        openid,
        sorted(set(template_ids)),
        tx.now,
        most,
    )


async def take_consent(tx: Tx, merchant_id: MerchantId, openid: str, template_id: str) -> bool:
    """Uses a grant up; False when there is none."""
    return bool(
        await tx.fetchval(
            """update notice_consents set remaining = remaining - 1, changed_at = $4
               where merchant_id = $1 and openid = $2 and template_id = $3 and remaining > 0 returning true""",
            merchant_id,
            openid,
            template_id,
            tx.now,
        )
    )


async def give_back(tx: Tx, merchant_id: MerchantId, openid: str, template_id: str) -> None:
    """The grant was not used: nothing was sent."""
    await tx.execute(
        """update notice_consents set remaining = least(remaining + 1, granted), changed_at = $4
           where merchant_id = $1 and openid = $2 and template_id = $3""",
        merchant_id,
        openid,
        template_id,
        tx.now,
    )


async def drop_consents(tx: Tx, merchant_id: MerchantId, openid: str, template_id: str) -> None:
    """WeChat says that there is no grant (any more)."""
    await tx.execute(
        """update notice_consents set remaining = 0, changed_at = $4
           where merchant_id = $1 and openid = $2 and template_id = $3""",
        merchant_id,
        openid,
        template_id,
        tx.now,
    )


async def count_remaining(
    tx: Tx, merchant_id: MerchantId, openids: Sequence[str], template_ids: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Messages that may still be sent, by openid and template; none where there is no row."""
    rows = await tx.fetch(
        """select openid, template_id, remaining from notice_consents
           where merchant_id = $1 and openid = any($2) and template_id = any($3)""",
        merchant_id,
        list(openids),
        list(template_ids),
    )
    return {(row["openid"], row["template_id"]): row["remaining"] for row in rows}


async def count_by_template(tx: Tx, merchant_id: MerchantId) -> dict[str, tuple[int, int]]:
    """For each template: how often it was granted, and how many messages may still be sent."""
    rows = await tx.fetch(
        """select template_id, sum(granted)::bigint as granted, sum(remaining)::bigint as remaining
           from notice_consents where merchant_id = $1 group by template_id""",
        merchant_id,
    )
    return {row["template_id"]: (row["granted"], row["remaining"]) for row in rows}
