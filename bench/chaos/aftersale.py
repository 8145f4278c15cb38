"""After-sale: shoppers apply for every kind, both sides do whatever a case lets them do, the platform rules."""

import random

from bench.chaos.acts import Actor, Json
from bench.chaos.line import Answer
from bench.chaos.shoppers import Buyer
from bench.chaos.staff import Clerk
from bench.chaos.stage import MERCHANTS

NOT_NOW = (
    *(
        "aftersale_not_applicable",
        "too_many_pieces",
        "sent_meanwhile",
        "reason_not_fitting",
        "amount_not_acceptable",
        "wrong_state",
    ),
    *("lines_not_fitting", "exchange_not_fitting", "not_your_turn", "case_ended", "dispute_not_possible"),
    *("dispute_closed", "out_of_stock", "refund_too_large", "too_many_refunds", "not_found", "return_address_missing"),
)
"""Refusals that are right when the other side, the clock or another case was quicker."""
REASONS = {
    "refund": ("changed_mind", "late_delivery", "not_received", "missing", "quality", "other"),
    "return": ("changed_mind", "wrong_order", "quality", "damaged", "size"),
    "exchange": ("quality", "damaged", "wrong_item", "size"),
}
_WORTH_IT = ("paid", "partially_delivered", "delivered", "completed")


def _note_end(me: Actor, shown: Answer) -> None:
    """What she was told has ended stays ended."""
    if shown.ok and shown.body["state"] in ("completed", "withdrawn"):
        me.promises.ended_cases[shown.body["case_id"]] = shown.body["state"]


async def apply(me: Buyer, own: random.Random) -> None:
    """Wants some pieces refunded, returned or exchanged; sometimes from two tabs at once, sometimes too much."""
    merchant, states = own.choice(MERCHANTS), own.sample(_WORTH_IT, len(_WORTH_IT))
    greedy, less, shares = own.random() < 0.05, own.random() < 0.3, own.random()
    for state in states:
        listed = await me.ask("GET", f"/api/shop/{merchant}/orders?state={state}&limit=5")
        if listed.body["items"]:
            break
    else:
        return
    order = own.choice(listed.body["items"])
    about = await me.ask("GET", f"/api/shop/{merchant}/orders/{order['order_id']}/aftersale")
    for sent in own.sample((True, False), 2):
        kinds = about.body["kinds_sent" if sent else "kinds_unsent"]
        left = [(row, row["sent_left" if sent else "unsent_left"]) for row in about.body["lines"]]
        if kinds and any(count for _, count in left):
            break
    else:
        return
    kind = own.choice(kinds)
    lines: list[Json] = [
        {"line_id": row["line_id"], "quantity": count + 1 if greedy else own.randint(1, count)}
        for row, count in left
        if count and (own.random() < 0.7 or len(left) == 1)
    ]
    if not lines:
        return
    wish: Json = {
        "order_id": order["order_id"],
        "kind": kind,
        "reason": own.choice(REASONS[kind]),
        "received_goods": sent,
        "lines": lines,
    }
    quoted = await me.ask("POST", f"/api/shop/{merchant}/aftersale/quote", wish, refusals=NOT_NOW)
    if quoted.ok and less and kind != "exchange" and quoted.body["most_fen"] > 1:
        wish["asked_fen"] = max(1, int(quoted.body["most_fen"] * shares))
    path = f"/api/shop/{merchant}/aftersale"
    await me.ask("POST", path, {**wish, "explanation": "看照片"}, key=me.key(), refusals=NOT_NOW)


async def follow_a_case(me: Buyer, own: random.Random) -> None:
    """Does what one of her cases lets her do."""
    merchant = own.choice(MERCHANTS)
    listed = await me.ask("GET", f"/api/shop/{merchant}/aftersale?limit=10")
    cases = [case for case in listed.body["items"] if case["actions"]] or listed.body["items"]
    if not cases:
        return
    case = own.choice(cases)
    url = f"/api/shop/{merchant}/aftersale/{case['case_id']}"
    todo = own.choice([*case["actions"], "look"])
    bodies: dict[str, tuple[str, Json]] = {
        "withdraw": ("withdraw", {}),
        "accept_proposal": ("accept-proposal", {}),
        "insist": ("insist", {"text": "不同意"}),
        "send_parcel": ("parcel", {"company": "圆通", "tracking_no": f"YT{own.randrange(10**10):010}"}),
        "dispute": ("dispute", {"text": "商家不讲理"}),
        "evidence": ("evidence", {"text": "请看"}),
    }
    if todo in bodies and not (todo == "withdraw" and own.random() < 0.7):
        step, body = bodies[todo]
        _note_end(me, await me.ask("POST", f"{url}/{step}", body, key=me.key(), refusals=NOT_NOW))
    else:
        _note_end(me, await me.ask("GET", url))


async def handle_cases(me: Clerk, own: random.Random) -> None:
    """Agrees, refuses, offers, counts what came back, sends the other goods."""
    listed = await me.ask("GET", "/api/merchant/aftersale?waiting_for=merchant&limit=20")
    for number, case in enumerate(own.sample(listed.body["items"], min(6, len(listed.body["items"])))):
        rolled, share, mood = own.random(), own.random(), own.random()
        todo = [one for one in case["actions"] if one != "evidence"]
        if not todo:
            continue
        step = "agree" if "agree" in todo and mood < 0.45 else todo[int(rolled * len(todo))]
        counted = [
            {"line_id": row["line_id"], "received": row["quantity"], "sellable": int(share * (row["quantity"] + 1))}
            for row in case["lines"]
        ]
        bodies: dict[str, Json] = {
            "agree": {},
            "reject": {"reason": "不符合条件"},
            "propose": {"amount_fen": max(1, int(case["most_fen"] * share)), "note": "补偿"},
            "inspect": {"lines": counted, "accept": mood < 0.85, "reason": "" if mood < 0.85 else "有使用痕迹"},
            "ship_exchange": {"company": "顺丰", "tracking_no": me.key(f"x{number}")[-40:]},
        }
        path = f"/api/merchant/aftersale/{case['case_id']}/{step.replace('_', '-')}"
        await me.ask("POST", path, bodies[step], key=me.key(f"-{number}"), refusals=NOT_NOW)


async def judge(me: Clerk, own: random.Random) -> None:
    """Rules on what is disputed."""
    listed = await me.ask("GET", "/api/platform/disputes?limit=10")
    for number, case in enumerate(listed.body["items"][:4]):
        for_shopper, share, whole = own.random() < 0.6, own.random(), own.random() < 0.5
        ruling: Json = {"in_favour_of": "shopper" if for_shopper else "merchant", "note": "核实后裁定"}
        if for_shopper and not whole and case["kind"] != "exchange":
            ruling["amount_fen"] = max(1, int(case["most_fen"] * share))
        path = f"/api/platform/disputes/{case['merchant_id']}/{case['case_id']}/ruling"
        await me.ask("POST", path, ruling, key=me.key(f"-{number}"), refusals=NOT_NOW)
