"""Decisions about complaints."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

State = Literal["pending", "processing", "processed"]
Kind = Literal["reply", "complete"]
AnswerState = Literal["sending", "sent", "refused"]
Side = Literal["shopper", "merchant", "platform", "system"]
ProblemType = Literal["refund", "service", "other"]

MOST_WORDS = 200
MOST_PICTURES = 4
"""Of one reply. https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_14.shtml"""

ANSWER_WITHIN = timedelta(hours=24)
FINISH_WITHIN = timedelta(hours=72)
"""Since it was made: the first answer, and the end. https://kf.qq.com/faq/230125a6NbmA230125vMNZnE.html (三)"""

ANSWERS = frozenset({"MERCHANT_RESPONSE", "MERCHANT_APPROVE_REFUND", "MERCHANT_REFUSE_RERUND"})
"""Steps of the history by which the merchant answered (the last is WeChat's spelling)."""

_PICTURES = "/v3/merchant-service/images/"
_SEND_AGAIN = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
MOST_ATTEMPTS = 12
"""Of an answer, and of asking about a complaint: some eight hours. A complaint is found again by going through them."""


def answer_by(complained_at: datetime, answered_at: datetime | None) -> datetime | None:
    """Until when the first answer has to be given; None once it was."""
    return complained_at + ANSWER_WITHIN if answered_at is None else None


def finish_by(complained_at: datetime, state: str) -> datetime | None:
    """Until when it has to be dealt with; None once it was."""
    return complained_at + FINISH_WITHIN if state != "processed" else None


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return min(_SEND_AGAIN * 2 ** min(attempts, 10), _LONGEST_PAUSE)


def state_of(told: str) -> State:
    """WeChat's state as ours; one that it did not publish is under way."""
    states: dict[str, State] = {"PENDING": "pending", "PROCESSED": "processed"}
    return states.get(told, "processing")


def problem_type_of(told: str) -> ProblemType:
    """What a shopper complains of, by WeChat's word for it."""
    types: dict[str, ProblemType] = {"REFUND": "refund", "SERVICE_NOT_WORK": "service"}
    return types.get(told, "other")


def side_of(kind: str) -> Side:
    """Who took a step of the history."""
    if kind.endswith("_SYSTEM_MESSAGE"):
        return "system"
    sides: dict[str, Side] = {"USER": "shopper", "MERCHANT": "merchant", "PLATFORM": "platform"}
    return sides.get(kind.partition("_")[0], "system")


def is_picture(url: str) -> bool:
    """Whether it is a picture that WeChat gives to a signed request."""
    return urlsplit(url).path.startswith(_PICTURES)


def picture_name(url: str) -> str:
    """What a picture of WeChat's is called here."""
    return hashlib.blake2b(url.encode(), digest_size=16).hexdigest()
