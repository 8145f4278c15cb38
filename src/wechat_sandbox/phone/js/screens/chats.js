// The list of chats, and the little menu behind the plus.

import { badgeOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { lastLine, timeOf } from "../messages.js";
import { overlay } from "../overlays.js";
import { empty, navBar } from "../parts.js";
import { push } from "../stack.js";
import { account, on, state } from "../state.js";
import { t, when } from "../text.js";
import { openChat } from "./chat.js";
import { askLink } from "./discover.js";
import { openScan } from "./scan.js";
import { whoScreen } from "./who.js";

/** The first tab. */
export function chatsPane() {
  const list = h("div", { class: "scroll white", testid: "chats" });
  const title = h("span", null, t("微信", "WeChat"));
  const draw = () => {
    const unread = state.chats.reduce((sum, chat) => sum + (chat.unread ?? 0), 0);
    fill(title, unread ? `${t("微信", "WeChat")}(${unread})` : t("微信", "WeChat"));
    fill(list, state.chats.length ? state.chats.map(chatRow) : nothingYet());
  };
  on("chats", draw);
  draw();
  const el = h("div", { class: "pane" },
    navBar({ title, left: null, right: h("button", {
      class: "nav-button", testid: "plus", "aria-label": t("更多功能", "More"), "aria-haspopup": "menu", onclick: plusMenu,
    }, icon("plus")) }),
    list);
  return { el };
}

function chatRow(chat) {
  const who = account(chat.appid);
  const unread = chat.unread ?? 0;
  return h("button", { class: "chat-row", testid: "chat-row", "data-appid": chat.appid, onclick: () => openChat(chat.appid) },
    h("span", { class: "chat-face" }, badgeOf(who), unread > 0 && h("i", { class: "count", testid: "unread" }, unread > 99 ? "99+" : String(unread))),
    h("span", { class: "chat-text" },
      h("span", { class: "chat-top" }, h("b", null, who.name), h("time", null, chat.last ? when(timeOf(chat.last)) : "")),
      h("span", { class: "chat-last", testid: "chat-last" }, lastLine(chat.last) || (chat.following ? "" : t("未关注", "Not followed")))));
}

function nothingYet() {
  return empty("scan", t("还没有会话", "No chats yet"),
    t("扫一扫门店的二维码，关注公众号后，消息就在这里。", "Scan a store's code and follow its account: its messages come here."),
    h("button", { class: "button", testid: "empty-scan", onclick: () => openScan() }, t("扫一扫", "Scan")));
}

function plusMenu() {
  const choose = (act) => () => {
    layer.close();
    act();
  };
  const item = (mark, label, testid, act) =>
    h("button", { role: "menuitem", testid, onclick: choose(act) }, icon(mark), h("span", null, label));
  const layer = overlay(
    h("div", { class: "plus-menu", role: "menu", testid: "plus-menu" },
      item("scan", t("扫一扫", "Scan"), "plus-scan", () => openScan()),
      item("link", t("打开链接", "Open a link"), "plus-link", askLink),
      item("swap", t("切换购物者", "Switch shopper"), "plus-switch", () => push(whoScreen()))),
    { cls: "clear", onescape: () => layer.close() });
  document.querySelector("#overlays > .clear:last-child")?.addEventListener("click", (e) => e.target === e.currentTarget && layer.close());
}
