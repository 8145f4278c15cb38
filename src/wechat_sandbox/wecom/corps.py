"""Companies with their departments and members: the default one, and those made over HTTP."""

from wechat_sandbox.apps import aes_key
from wechat_sandbox.models_apps import Corp, Department, Member
from wechat_sandbox.world import World

DEFAULT_NAME = "青衫"
DEFAULT_DEPARTMENTS = ((2, "湖滨店"), (3, "客服部"))
DEFAULT_MEMBERS = (
    ("QingQing", "青青", 2, "店长"),
    ("AMu", "阿木", 2, "导购"),
    ("XiaoHe", "小禾", 3, "客服"),
)


class CorpRefused(Exception):
    """What was asked of a company cannot be; the text says why."""


def add_corp(world: World, name: str, corpid: str | None = None, secret: str | None = None) -> Corp:
    """A new company with its root department; what is left out follows from the seed. Raises CorpRefused."""
    corpid = corpid or "ww" + world.derive(f"corp:{len(world.apps.corps)}").hex()[:16]
    if corpid in world.apps.corps:
        raise CorpRefused(f"corpid {corpid} exists")
    label = f"corp:{corpid}:"
    corp = Corp(
        corpid,
        name,
        secret or world.derive(label + "secret").hex()[:43],
        1_000_002,
        f"{name}助手",
        world.derive(label + "token").hex()[:24],
        aes_key(world, label + "aes"),
    )
    world.apps.departments.put(f"{corpid}:1", Department(corpid, 1, name, 0, 100_000_000))
    return world.apps.corps.put(corpid, corp)


def departments(world: World, corpid: str) -> list[Department]:
    """The company's departments."""
    return [row for row in world.apps.departments.values() if row.corpid == corpid]


def members(world: World, corpid: str) -> list[Member]:
    """The company's members."""
    return [row for row in world.apps.members.values() if row.corpid == corpid]


def add_department(world: World, corp: Corp, name: str, parentid: int = 1, number: int | None = None) -> Department:
    """A new department. Raises CorpRefused."""
    known = {row.id for row in departments(world, corp.corpid)}
    if parentid not in known:
        raise CorpRefused(f"no department {parentid}")
    number = number or max(known) + 1
    if number in known:
        raise CorpRefused(f"department {number} exists")
    row = Department(corp.corpid, number, name, parentid, 100_000_000 - 1000 * len(known))
    return world.apps.departments.put(f"{corp.corpid}:{number}", row)


def add_member(
    world: World, corp: Corp, userid: str, name: str, department: list[int] | None = None, position: str = ""
) -> Member:
    """A new member. Raises CorpRefused."""
    key = f"{corp.corpid}:{userid}"
    if key in world.apps.members:
        raise CorpRefused(f"userid {userid} exists")
    if not (0 < len(userid) <= 64 and userid.isascii() and userid.replace("_", "").replace("-", "").isalnum()):
        raise CorpRefused("a userid is 1 to 64 letters, digits, - or _")
    known = {row.id for row in departments(world, corp.corpid)}
    chosen = department or [1]
    if not known.issuperset(chosen):
        raise CorpRefused("no such department")
    mobile = "139" + str(int(world.derive(f"mobile:{key}").hex()[:12], 16))[:8].zfill(8)
    return world.apps.members.put(key, Member(corp.corpid, userid, name, mobile, chosen, position))


def ensure_default(world: World) -> None:
    """One company is there from the start."""
    if len(world.apps.corps):
        return
    corp = add_corp(world, DEFAULT_NAME)
    for number, name in DEFAULT_DEPARTMENTS:
        add_department(world, corp, name, 1, number)
    for userid, name, department, position in DEFAULT_MEMBERS:
        add_member(world, corp, userid, name, [department], position)
