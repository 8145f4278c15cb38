"""The tables of `models_apps`, by their natural keys."""

from wechat_sandbox.models_apps import (
    AppSettings,
    AuthCode,
    Authorization,
    Blacklist,
    Component,
    ComponentToken,
    Consent,
    ContactWay,
    Corp,
    CorpLine,
    CorpToken,
    CustomerTag,
    CustomerTagGroup,
    Department,
    Follow,
    Media,
    Member,
    MiniCallback,
    ServiceAccount,
    ServiceRecord,
    ServiceSession,
    Shipment,
    Template,
    UrlCode,
    Welcome,
)
from wechat_sandbox.store import Store, Table


class AppTables:
    """What apps keep; several tables of one company or platform are told apart by a `owner:key`."""

    def __init__(self, store: Store) -> None:
        self.settings = Table(store, "app_settings", AppSettings)
        self.mini_callbacks = Table(store, "mini_callback", MiniCallback)
        self.templates = Table(store, "template", Template)
        self.consents = Table(store, "consent", Consent)
        self.shipments = Table(store, "shipment", Shipment)
        self.media = Table(store, "media", Media)
        self.service_accounts = Table(store, "service_account", ServiceAccount)
        self.service_sessions = Table(store, "service_session", ServiceSession)
        self.service_records = Table(store, "service_record", ServiceRecord)
        self.blacklists = Table(store, "blacklist", Blacklist)
        self.url_codes = Table(store, "url_code", UrlCode)
        self.components = Table(store, "component", Component)
        self.authorizations = Table(store, "authorization", Authorization)
        self.component_tokens = Table(store, "component_token", ComponentToken)
        self.auth_codes = Table(store, "auth_code", AuthCode)
        self.corps = Table(store, "corp", Corp)
        self.departments = Table(store, "department", Department)
        self.members = Table(store, "member", Member)
        self.contact_ways = Table(store, "contact_way", ContactWay)
        self.customer_tags = Table(store, "customer_tag", CustomerTag)
        self.customer_tag_groups = Table(store, "customer_tag_group", CustomerTagGroup)
        self.follows = Table(store, "follow", Follow)
        self.welcomes = Table(store, "welcome", Welcome)
        self.corp_lines = Table(store, "corp_line", CorpLine)
        self.corp_tokens = Table(store, "corp_token", CorpToken)
        self.visits: dict[tuple[str, str], float] = {}
        """When a shopper last opened a mini program, by appid and shopper_id; a restart forgets it."""
        self.calls: dict[tuple[str, str, int], int] = {}
        """Calls by appid, path and day, for the daily quotas; a restart forgets them, as clear_quota does."""

    def settings_of(self, appid: str) -> AppSettings:
        """The app's settings, the usual ones until something was set."""
        return self.settings.get(appid) or AppSettings(appid)
