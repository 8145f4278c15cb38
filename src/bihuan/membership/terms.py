"""A merchant's terms of points: how they are earned, how long they live, what they are worth."""

from datetime import datetime

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Unprocessable
from bihuan.kernel.ids import MerchantId

from .db_terms import PointsSettings, forget_warnings, get_settings, write_settings
from .rules import months_before

__all__ = ["PointsSettings", "PointsTermsNotAcceptable", "alive_since", "get_settings", "save_settings"]


class PointsTermsNotAcceptable(Unprocessable):
    """A step of points must be worth whole fen."""

    code = "points_terms_not_acceptable"
    zh = "每 {step} 积分须折合整数分：请调整每元积分数或最小使用单位。"
    en = "A step of {step} points must be worth whole fen: change the rate or the step."


def alive_since(settings: PointsSettings, now: datetime) -> datetime | None:
    """When the oldest points were earned that can still be spent; None where they live for ever."""
    return months_before(now, settings.life_months) if settings.life_months else None


async def save_settings(tx: Tx, merchant_id: MerchantId, settings: PointsSettings) -> PointsSettings:
    """Writes them. The life counts for all points from now on, the rates for orders from now on.

    Raises PointsTermsNotAcceptable.
    """
    if settings.step * 100 % settings.points_per_yuan:
        raise PointsTermsNotAcceptable(step=settings.step)
    before = await get_settings(tx, merchant_id)
    await write_settings(tx, merchant_id, settings)
    if before.life_months != settings.life_months:  # what was told about their end is not true any more
        await forget_warnings(tx, merchant_id)
    return settings
