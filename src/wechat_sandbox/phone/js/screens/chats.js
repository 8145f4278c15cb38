// The list of chats, and the little menu behind the plus.

import { badgeOf, groupFace } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { lastLine, timeOf } from "../messages.js";
import { overlay } from "../overlays.js";
import { empty, navBar } from "../parts.js";
import { push } from "../stack.js";
import { newGroup } from "../share.js";
import { account, contactKey, contactUnread, on, serviceUnread, state, unreadCount } from "../state.js";
import { moment, t, when } from "../text.js";
import { openChat } from "./chat.js";
import { askLink } from "./discover.js";
import { corpFace, corpName, openEmployee } from "./employee.js";
import { openScan } from "./scan.js";
import { openService } from "./service.js";
import { openTalk } from "./talk.js";
import { codeScreen } from "./code.js";
import { whoScreen } from "./who.js";

/** The first tab. */
export function chatsPane() {
  const list = h("div", { class: "scroll white", testid: "chats" });
  const title = h("span", null, t("微信", "WeChat"));
  const draw = () => {
    const unread = unreadCount();
    fill(title, unread ? `${t("微信", "WeChat")}(${unread})` : t("微信", "WeChat"));
    const rows = [...state.chats.map(ofAccount), ...state.talks.map(ofTalk), ...state.contacts.map(ofContact), ...ofService()].sort((a, b) => b.at - a.at);
    fill(list, rows.length ? rows.map(chatRow) : nothingYet());
  };
  on("chats", draw);
  draw();
  const el = h("div", { class: "pane" },
    navBar({ title, left: null, right: h("button", {
      class: "nav-button", testid: "plus", "aria-label": t("更多功能", "More"), "aria-haspopup": "menu", onclick: plusMenu,
    }, icon("plus")) }),
    list);
  return { el, shown: draw };
}

const atOf = (last) => (last ? moment(timeOf(last)).getTime() : 0);

function ofAccount(chat) {
  const who = account(chat.appid);
  return {
    at: atOf(chat.last), last: chat.last, unread: chat.unread ?? 0, name: who.name, face: badgeOf(who),
    words: lastLine(chat.last) || (chat.following ? "" : t("未关注", "Not followed")),
    mark: { "data-appid": chat.appid }, open: () => openChat(chat.appid),
  };
}

function ofTalk(talk) {
  const { last } = talk;
  const said = talk.kind === "group" && last.kind !== "event" && !last.mine ? `${last.nickname}: ` : "";
  return {
    at: atOf(last), last, unread: talk.unread, name: talk.name, face: groupFace(talk.members), words: said + lastLine(last),
    mark: { "data-chat": talk.chat_id }, open: () => openTalk(talk.chat_id),
  };
}

function ofContact(contact) {
  const last = contact.messages.at(-1) ?? null;
  return {
    at: atOf(last), last, unread: contactUnread(contact), name: corpName(contact), face: corpFace(contact), words: lastLine(last),
    mark: { "data-chat": contactKey(contact) }, open: () => openEmployee(contactKey(contact)),
  };
}

function ofService() {
  const [last] = state.service;
  if (!last) return [];
  return [{
    at: atOf(last), last, unread: serviceUnread(), name: t("服务通知", "Service notifications"), face: h("span", { class: "face service-face" }, icon("bell")),
    words: `${last.name}: ${lastLine(last)}`, mark: { "data-chat": "service" }, open: openService,
  }];
}

function chatRow(row) {
  return h("button", { class: "chat-row", testid: "chat-row", ...row.mark, onclick: row.open },
    h("span", { class: "chat-face" }, row.face, row.unread > 0 && h("i", { class: "count", testid: "unread" }, row.unread > 99 ? "99+" : String(row.unread))),
    h("span", { class: "chat-text" },
      h("span", { class: "chat-top" }, h("b", null, row.name), h("time", null, row.last ? when(timeOf(row.last)) : "")),
      h("span", { class: "chat-last", testid: "chat-last" }, row.words)));
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
      item("chats", t("发起群聊", "New group"), "plus-group", async () => {
        const made = await newGroup();
        if (made) openTalk(made);
      }),
      item("scan", t("扫一扫", "Scan"), "plus-scan", () => openScan()),
      item("barcode", t("收付款", "Pay at a till"), "plus-code", () => push(codeScreen())),
      item("link", t("打开链接", "Open a link"), "plus-link", askLink),
      item("swap", t("切换购物者", "Switch shopper"), "plus-switch", () => push(whoScreen()))),
    { cls: "clear", onescape: () => layer.close() });
  document.querySelector("#overlays > .clear:last-child")?.addEventListener("click", (e) => e.target === e.currentTarget && layer.close());
}
