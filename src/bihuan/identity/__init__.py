"""Who people are: shoppers by WeChat, users by password, and how a request is known to come from them.

Invariants: one WeChat identity belongs to one shopper and one unionid names one shopper; logins are unique
and folded to lower case; passwords are stored as argon2id hashes and session tokens as SHA-256 hashes, so
that a copy of the database signs nobody in; a shopper has at most one default address, and one as long as
she has any. A shopper's tokens are stateless (`tokens`); cookies and requests from other sites: `callers`.
"""

from bihuan.identity.callers import (
    Client,
    authenticate_shopper,
    client_of,
    provide_client,
    provide_client_to_lean,
    provide_shopper,
    provide_to_lean,
    refuse_cross_site,
    session_cookie,
    shopper_cookie,
    shopper_from_headers,
    token_of,
)
from bihuan.identity.checks import CHECKS
from bihuan.identity.db import OPENIDS, Address, Shopper, find_openid, list_addresses_of
from bihuan.identity.db_phones import shoppers_of_phone
from bihuan.identity.db_sign_ins import Attempt, list_attempts
from bihuan.identity.errors import WrongCredentials
from bihuan.identity.limits import limit
from bihuan.identity.shoppers import (
    get_shopper,
    list_shoppers,
    shopper_of_wechat,
    walk_in_id,
    walk_in_shopper,
)
from bihuan.identity.tokens import ShopperSession, issue_shopper_token, read_shopper_token, token_key
from bihuan.identity.users import (
    SignedIn,
    change_password,
    close_session,
    create_user,
    find_session_user,
    list_logins,
    open_session,
    revoke_sessions,
    set_password,
    sign_in,
)

__all__ = [
    "CHECKS",
    "OPENIDS",
    "Address",
    "Attempt",
    "Client",
    "Shopper",
    "ShopperSession",
    "SignedIn",
    "WrongCredentials",
    "authenticate_shopper",
    "change_password",
    "client_of",
    "close_session",
    "create_user",
    "find_openid",
    "find_session_user",
    "get_shopper",
    "issue_shopper_token",
    "limit",
    "list_addresses_of",
    "list_attempts",
    "list_logins",
    "list_shoppers",
    "open_session",
    "provide_client",
    "provide_client_to_lean",
    "provide_shopper",
    "provide_to_lean",
    "read_shopper_token",
    "refuse_cross_site",
    "revoke_sessions",
    "session_cookie",
    "set_password",
    "shopper_cookie",
    "shopper_from_headers",
    "shopper_of_wechat",
    "shoppers_of_phone",
    "sign_in",
    "token_key",
    "token_of",
    "walk_in_id",
    "walk_in_shopper",
]
