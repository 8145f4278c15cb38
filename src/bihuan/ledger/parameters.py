"""How a book is asked for by HTTP: the parameters of its routes, and of others that show a book."""

from datetime import date
from typing import Annotated

from litestar.params import Parameter

from bihuan.kernel.errors import BadRequest

AccountName = Annotated[str | None, Parameter(max_length=40, description="Only those with an entry here.")]
SourceName = Annotated[str | None, Parameter(max_length=40, description="Only those that come from this.")]
First = Annotated[date | None, Parameter(description="From this day of the book on, Asia/Shanghai.")]
Last = Annotated[date | None, Parameter(description="To this day of the book.")]
Text = Annotated[
    str | None,
    Parameter(max_length=100, description="In the description; or the whole id of a transaction or of its cause."),
]


class BackwardDays(BadRequest):
    """The first day is after the last one, or they are too far apart."""

    code = "bad_period"
    zh = "起止日期不对：开始不能晚于结束，最多 {most} 天。"
    en = "The days are wrong: the first must not be after the last, {most} days at most."


MOST_DAYS = 3660


def check_days(first: date, last: date, most: int = MOST_DAYS) -> None:
    """Raises BackwardDays."""
    if not 0 <= (last - first).days < most:
        raise BackwardDays(most=most)
