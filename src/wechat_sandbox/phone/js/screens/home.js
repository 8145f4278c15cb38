// The four tabs at the bottom of WeChat's first screen.

import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { on, state, unreadCount } from "../state.js";
import { t } from "../text.js";
import { chatsPane } from "./chats.js";
import { contactsPane } from "./contacts.js";
import { discoverPane } from "./discover.js";
import { mePane } from "./me.js";

const TABS = [
  { key: "chats", label: t("微信", "Chats"), mark: "chats", build: chatsPane },
  { key: "contacts", label: t("通讯录", "Contacts"), mark: "people", build: contactsPane },
  { key: "discover", label: t("发现", "Discover"), mark: "compass", build: discoverPane },
  { key: "me", label: t("我", "Me"), mark: "me", build: mePane },
];

/** The first screen; `openTab(key)` shows another tab. */
export function homeScreen() {
  const panes = new Map();
  const body = h("div", { class: "panes" });
  const bar = h("nav", { class: "tabbar", "aria-label": t("主导航", "Main") });
  let current = "chats";

  const show = (key) => {
    current = key;
    if (!panes.has(key)) {
      const pane = TABS.find((tab) => tab.key === key).build();
      panes.set(key, pane);
      body.append(pane.el);
    }
    for (const [name, pane] of panes) pane.el.hidden = name !== key;
    panes.get(key).shown?.();
    drawBar();
  };
  const drawBar = () => {
    fill(bar, TABS.map((tab) => {
      const here = tab.key === current;
      const count = tab.key === "chats" ? unreadCount() : tab.key === "discover" ? state.newMoments : 0;
      return h("button", {
        class: `tab ${here ? "on" : ""}`, testid: `tab-${tab.key}`, "aria-current": here ? "page" : null,
        "aria-label": count ? t(`${tab.label}，${count} 条未读`, `${tab.label}, ${count} unread`) : null, onclick: () => show(tab.key),
      },
        h("span", { class: "tab-mark" }, icon(here ? `${tab.mark}On` : tab.mark), count > 0 && h("i", { class: "count", testid: "tab-unread" }, count > 99 ? "99+" : String(count))),
        h("span", null, tab.label));
    }));
  };

  const offs = [on("chats", drawBar), on("moments", drawBar)];
  const el = h("div", { class: "screen home", testid: "home" }, body, bar);
  show("chats");
  return {
    el, key: "home", destroy: () => offs.forEach((off) => off()),
    shown: () => {
      panes.get(current)?.shown?.();
      drawBar();
    },
  };
}
