"""Complaints that shoppers make at WeChat Pay (消费者投诉 2.0), and what the merchant answers.

WeChat keeps them: what stands here is what it said when it was last asked. There is one way in: whatever tells that
something happened (a verified notification, the going through of the last days, an answer of ours) leaves a row of
news, and `fetching` asks about it and writes the complaint with its whole history, which is only ever added to.

An answer is recorded, then sent, then its outcome is recorded. WeChat does not recognise a repeated answer, so one
whose outcome is unknown is looked for in the history before it is sent again. Answers go one after another.
"""

from bihuan.aftersale.complaints.checks import CHECKS

__all__ = ["CHECKS"]
