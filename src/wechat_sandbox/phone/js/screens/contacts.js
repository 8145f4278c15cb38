// The second tab: friends, and the official accounts that this shopper follows.

import { badgeOf, faceOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { empty, navBar, row } from "../parts.js";
import { push } from "../stack.js";
import { account, contactKey, on, state } from "../state.js";
import { t } from "../text.js";
import { accountScreen } from "./account.js";
import { corpFace, corpName, openEmployee } from "./employee.js";
import { openTalk } from "./talk.js";

/** The tab. */
export function contactsPane() {
  const list = h("div", { class: "scroll" });
  const draw = () => {
    const followed = state.chats.filter((chat) => chat.following);
    const others = [...state.accounts.keys()].filter((appid) => state.accounts.get(appid).original && !followed.some((c) => c.appid === appid));
    fill(list,
      people(),
      employees(),
      group(t("已关注的公众号", "Accounts I follow"), followed.map((c) => c.appid)),
      group(t("沙箱里的其他公众号", "Other accounts of this sandbox"), others),
      !followed.length && !others.length && !state.friends.length && empty("people", t("还没有公众号", "No accounts yet")));
  };
  const off = on("chats", draw);
  draw();
  return { el: h("div", { class: "pane" }, navBar({ title: t("通讯录", "Contacts"), left: null }), list), destroy: off, shown: draw };
}

function people() {
  if (!state.friends.length) return null;
  return [
    h("p", { class: "group-title" }, t("朋友", "Friends")),
    h("div", { class: "group flush" }, state.friends.map((one) => row({
      lead: faceOf(one, "small"), label: one.nickname, arrow: false, cls: "person", testid: "friend", onclick: () => openTalk(one.shopper_id),
    }))),
  ];
}

function employees() {
  if (!state.contacts.length) return null;
  return [
    h("p", { class: "group-title" }, t("企业微信联系人", "WeCom contacts")),
    h("div", { class: "group flush" }, state.contacts.map((one) => row({
      lead: corpFace(one, "small"), label: corpName(one), arrow: false, cls: "person", testid: "employee-row", onclick: () => openEmployee(contactKey(one)),
    }))),
  ];
}

function group(title, appids) {
  if (!appids.length) return null;
  return [
    h("p", { class: "group-title" }, title),
    h("div", { class: "group flush" }, appids.map((appid) => row({
      lead: badgeOf(account(appid), "small"), label: account(appid).name, arrow: false, cls: "person",
      testid: "contact", onclick: () => push(accountScreen(appid)),
    }))),
  ];
}
