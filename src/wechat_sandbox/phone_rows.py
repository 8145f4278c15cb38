"""Rows of what only the phone knows: chats between shoppers, moments, red packets, mini programs and their pages.

Times are seconds of sandbox time, money is fen.
"""

from typing import Any, Literal

from msgspec import Struct, field

from wechat_sandbox.store import Store, Table

LineKind = Literal["text", "link", "mini", "red_packet", "event"]


class Group(Struct):
    """A group chat."""

    group_id: str
    name: str
    members: list[str]
    created_at: float


class Line(Struct):
    """One line of a chat between shoppers; `talk_id` is a group's id or made of the two shoppers'."""

    line_id: str
    talk_id: str
    at: float
    sender: str
    kind: LineKind
    body: dict[str, Any]


class Seen(Struct):
    """How far a shopper has read a chat."""

    read_at: float


class Comment(Struct):
    """A word below a moment."""

    author: str
    at: float
    content: str


class Moment(Struct):
    """A post in the moments feed; `card` is a shared page or mini program."""

    moment_id: str
    author: str
    at: float
    text: str
    card: dict[str, Any] | None = None
    likes: list[str] = field(default_factory=list[str])
    comments: list[Comment] = field(default_factory=list[Comment])


class Share(Struct):
    """What one shopper took out of a red packet."""

    shopper_id: str
    amount_fen: int
    at: float


class RedPacket(Struct):
    """A red packet in a chat: `count` shares; what nobody took in 24 hours goes back."""

    packet_id: str
    talk_id: str
    sender: str
    amount_fen: int
    count: int
    greeting: str
    created_at: float
    shares: list[Share] = field(default_factory=list[Share])


class Visit(Struct):
    """The last time that a shopper opened a mini program."""

    appid: str
    shopper_id: str
    path: str
    at: float


class Home(Struct):
    """Where the phone finds a mini program's pages: the address of an H5 build with a hash router."""

    home_url: str


class PhoneTables:
    """The tables, with an index of lines by chat."""

    def __init__(self, store: Store) -> None:
        self.groups = Table(store, "group", Group)
        self._lines = Table(store, "friend_line", Line)
        self.seen = Table(store, "friend_seen", Seen)
        self.moments = Table(store, "moment", Moment)
        self.packets = Table(store, "red_packet", RedPacket)
        self.visits = Table(store, "mini_visit", Visit)
        self.homes = Table(store, "mini_home", Home)
        self.talks: dict[str, list[Line]] = {}
        for line in self._lines.values():
            self.talks.setdefault(line.talk_id, []).append(line)

    def add(self, line: Line) -> Line:
        """Keep a new line."""
        self.talks.setdefault(line.talk_id, []).append(line)
        return self._lines.put(line.line_id, line)
