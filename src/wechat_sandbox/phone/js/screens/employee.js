// An employee of a company (企业微信): a chat like a friend's, with the company's mark beside the name.

import { api } from "../api.js";
import { badgeOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { hideBanner, refreshChats } from "../live.js";
import { actionSheet, attempt, dialog } from "../overlays.js";
import { navBar } from "../parts.js";
import { pop, push, returnTo } from "../stack.js";
import { contactKey, contactRead, on, state, tint } from "../state.js";
import { t } from "../text.js";
import { conversation } from "./bubbles.js";
import { inputBar } from "./chat.js";

/** What a scanned contact code begins with. */
export const CONTACT_CODE = "https://work.weixin.qq.com/ca/";

/** An employee's name with the company's mark. */
export const corpName = (contact) => [contact.member_name, h("small", { class: "corp" }, `@${contact.corp_name}`)];

/** An employee's picture. */
export const corpFace = (contact, cls = "") => badgeOf({ name: contact.member_name, color: tint(contactKey(contact)) }, cls);

const find = (key) => state.contacts.find((one) => contactKey(one) === key);

/** Goes to the chat. */
export function openEmployee(key) {
  if (find(key) && !returnTo(`corp:${key}`)) push(employeeScreen(key));
}

/** Asks, then adds the employee behind a scanned contact code and goes to the chat. */
export async function addEmployee(content) {
  const yes = await dialog({ title: t("添加企业微信联系人？", "Add this contact?"), text: t("对方是企业微信的员工，添加后可以聊天。", "An employee who uses WeCom; you can then write to each other."), ok: t("添加", "Add"), cancel: t("取消", "Cancel") });
  const added = yes && await attempt(() => api.addContact(state.shopper.shopper_id, content));
  if (!added) return;
  await refreshChats();
  openEmployee(contactKey(added));
}

function shaped(message) {
  if (message.kind === "link") return { ...message, kind: "news", description: message.desc };
  return message;
}

function employeeScreen(key) {
  const me = state.shopper.shopper_id;
  const log = h("div", { class: "chat-log", testid: "chat-log", role: "log", "aria-live": "polite" });
  const draw = () => {
    const contact = find(key);
    if (!contact) return;
    fill(log, conversation(contact.messages.map(shaped), { name: contact.member_name, color: tint(key) }, say));
    log.scrollTop = log.scrollHeight;
    contactRead(contact);
  };
  const say = async (content) => {
    const { corpid, userid } = find(key);
    if (await attempt(() => api.writeToContact(me, corpid, userid, content))) await refreshChats();
    draw();
  };
  const more = async () => {
    const { corpid, userid, member_name: name } = find(key);
    if (await actionSheet([{ key: "drop-contact", label: t("删除联系人", "Delete contact"), danger: true }], name) !== "drop-contact") return;
    if (await attempt(async () => (await api.dropContact(me, corpid, userid)) ?? true)) {
      await refreshChats();
      pop();
    }
  };
  const off = on(`corp:${key}`, draw);
  draw();
  return {
    el: h("div", { class: "screen chat", testid: "employee", "data-contact": key },
      navBar({ title: corpName(find(key)), testid: "chat-title", right: h("button", { class: "nav-button", testid: "employee-more", "aria-label": t("更多", "More"), onclick: more }, icon("more")) }),
      log, h("div", { class: "chat-foot" }, inputBar(say, null))),
    key: `corp:${key}`, destroy: off,
    shown: () => {
      hideBanner(`corp:${key}`);
      draw();
    },
  };
}
