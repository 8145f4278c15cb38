// A chat with an official account: its messages, its menu, a line to type in.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { hideBanner, refreshChats } from "../live.js";
import { actionSheet, attempt, dialog, toast } from "../overlays.js";
import { navBar } from "../parts.js";
import { push, pushOverHome, returnTo } from "../stack.js";
import { account, on, state } from "../state.js";
import { t } from "../text.js";
import { accountScreen } from "./account.js";
import { conversation } from "./bubbles.js";
import { openMini } from "./mini.js";
import { scanForText } from "./scan.js";
import { openWeb } from "./webview.js";

/** Goes to the chat: back to it when it is open below, else on top. `home` closes what lies between. */
export function openChat(appid, { home = false } = {}) {
  if (returnTo(`chat:${appid}`)) return;
  (home ? pushOverHome : push)(chatScreen(appid));
}

const chatOf = (appid) => state.chats.find((chat) => chat.appid === appid);

function chatScreen(appid) {
  const log = h("div", { class: "chat-log", testid: "chat-log", role: "log", "aria-live": "polite" });
  const foot = h("div", { class: "chat-foot" });
  const title = h("span", null);
  let shownMessages = "";
  let typing = !(chatOf(appid)?.menu?.length);
  let drawn = "";

  const say = async (content) => {
    if (!(await attempt(() => api.sendText(state.shopper.shopper_id, appid, content)))) return;
    await load();
    toEnd(log);
  };
  const load = async () => {
    let messages;
    try {
      messages = await api.messages(state.shopper.shopper_id, appid);
    } catch (error) {
      if (!shownMessages) toast(error.message);
      return;
    }
    const text = JSON.stringify(messages);
    if (text === shownMessages) return;
    const first = !shownMessages;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
    shownMessages = text;
    fill(log, conversation(messages, account(appid), say));
    if (first || atEnd) toEnd(log);
    // Reading a chat takes its unread mark away, which the list has to learn.
    if (chatOf(appid)?.unread) refreshChats();
  };
  const drawFoot = () => {
    const chat = chatOf(appid);
    fill(title, account(appid).name);
    const buttons = chat?.menu ?? [];
    // News that change nothing here leave what is being written, and a menu that is open.
    const now = JSON.stringify([chat?.following, typing, buttons]);
    if (now === drawn) return;
    drawn = now;
    if (!chat?.following) fill(foot, stranger(appid));
    else if (typing || !buttons.length) fill(foot, inputBar(say, buttons.length ? toggle : null, moreButton(appid, load)));
    else fill(foot, menuBar(appid, buttons, toggle, load));
  };
  const toggle = () => {
    typing = !typing;
    drawFoot();
    foot.querySelector(typing ? "input" : "button")?.focus();
  };

  const offs = [
    on(`chat:${appid}`, () => {
      load();
      if (!foot.contains(document.activeElement) || !typing) drawFoot();
    }),
    // A menu may be published, or the follow be undone, while we look.
    on("chats", () => !foot.querySelector("input") && drawFoot()),
  ];
  drawFoot();
  load();
  const el = h("div", { class: "screen chat", testid: "chat", "data-appid": appid },
    navBar({ title, testid: "chat-title", right: h("button", {
      class: "nav-button", testid: "chat-profile", "aria-label": t("公众号资料", "About this account"), onclick: () => push(accountScreen(appid)),
    }, icon("me")) }),
    log, foot);
  const resize = new ResizeObserver(() => toEnd(log));
  resize.observe(foot);
  return {
    el, key: `chat:${appid}`,
    shown: () => { hideBanner(`chat:${appid}`); load(); drawFoot(); },
    destroy: () => { offs.forEach((off) => off()); resize.disconnect(); },
  };
}

function toEnd(log) {
  log.scrollTop = log.scrollHeight;
}

function stranger(appid) {
  return h("div", { class: "foot-bar stranger" },
    h("span", null, t("关注后才能收发消息", "Follow to write and to be written to")),
    h("button", { class: "button small", testid: "chat-follow", onclick: () => push(accountScreen(appid)) }, t("去关注", "Follow")));
}

/** The line to type in; `toggle` leads to the menu, `extra` stands beside. */
export function inputBar(say, toggle, extra) {
  const input = h("input", {
    class: "chat-input", testid: "chat-input", autocomplete: "off", enterkeyhint: "send", maxlength: "600",
    "aria-label": t("消息", "Message"), oninput: () => form.classList.toggle("full", input.value.trim() !== ""),
  });
  const form = h("form", {
    class: "foot-bar",
    onsubmit: (event) => {
      event.preventDefault();
      const content = input.value.trim();
      if (!content) return;
      input.value = "";
      form.classList.remove("full");
      say(content);
    },
  },
    toggle && h("button", { class: "foot-toggle", testid: "chat-toggle", "aria-label": t("菜单", "Menu"), onclick: toggle }, icon("menu")),
    input,
    extra,
    h("button", { class: "button small send", type: "submit", testid: "chat-send" }, t("发送", "Send")));
  return form;
}

function menuBar(appid, buttons, toggle, load) {
  const pop = h("div", { class: "menu-pop" });
  const close = () => fill(pop);
  const choose = (button) => {
    close();
    tapped(appid, button, load);
  };
  return h("div", { class: "foot-bar menu-bar", onkeydown: (e) => e.key === "Escape" && pop.firstChild && (e.stopPropagation(), close()) },
    h("button", { class: "foot-toggle", testid: "chat-toggle", "aria-label": t("键盘", "Keyboard"), onclick: toggle }, icon("keyboard")),
    buttons.map((button, i) => {
      const subs = button.sub_button ?? [];
      const item = h("button", {
        class: "menu-item", testid: "menu-button", "aria-haspopup": subs.length ? "menu" : null,
        onclick: () => {
          if (!subs.length) return choose(button);
          if (pop.dataset.of === String(i) && pop.firstChild) return close();
          pop.dataset.of = String(i);
          fill(pop, subMenu(subs, choose, i, buttons.length));
        },
      }, subs.length > 0 && icon("menu", "menu-mark"), button.name);
      return item;
    }), pop);
}

function subMenu(subs, choose, at, count) {
  const list = h("div", { class: "menu-list", role: "menu", testid: "sub-menu" },
    subs.map((sub) => h("button", { role: "menuitem", testid: "sub-menu-button", onclick: () => choose(sub) }, sub.name)));
  list.style.setProperty("--at", String((at + 0.5) / count));
  list.classList.add(at === 0 ? "first" : at === count - 1 && count > 1 ? "last" : "middle");
  return list;
}

/** A tap tells the account (CLICK, VIEW) and opens what the button leads to. */
async function tapped(appid, button, load) {
  const id = state.shopper.shopper_id;
  if (button.type === "view") {
    // The page opens at once, as it does in WeChat; the event follows on its own way.
    openWeb(button.url);
    api.tapMenu(id, appid, { url: button.url }).catch(() => {});
  } else if (button.type === "miniprogram") {
    openMini(button);
    if (button.url) api.tapMenu(id, appid, { url: button.url }).catch(() => {});
  } else if (/^(scancode_|pic_|location_select)/.test(button.type)) {
    const input = await gather(button.type);
    if (input && await attempt(() => api.menuInput(id, appid, { key: button.key, ...input }))) load();
  } else if (await attempt(() => api.tapMenu(id, appid, { key: button.key ?? button.name }))) {
    load();
  }
}

const PLACE = { latitude: 30.27415, longitude: 120.15515, label: t("杭州市西湖区文三路 388 号", "388 Wensan Road, Hangzhou") };

/** What a button of this kind asks for; null when the shopper gives up. */
async function gather(kind) {
  if (kind.startsWith("scancode_")) {
    const content = await scanForText();
    return content === null ? null : { scan_result: content };
  }
  const what = kind.startsWith("pic_") ? t("发送一张图片？", "Send a picture?") : t("发送你的位置？", "Send your place?");
  const yes = await dialog({ title: what, text: kind.startsWith("pic_") ? "" : PLACE.label, ok: t("发送", "Send"), cancel: t("取消", "Cancel") });
  return yes ? (kind.startsWith("pic_") ? {} : PLACE) : null;
}

/** The plus beside the line: a picture of one's own, or where one is. */
function moreButton(appid, load) {
  const id = state.shopper.shopper_id;
  const file = h("input", { type: "file", accept: "image/png,image/jpeg", class: "hidden-file", tabindex: "-1", testid: "chat-file", "aria-label": t("图片", "Picture"), onchange: async () => {
    const [picture] = file.files;
    file.value = "";
    if (picture && await attempt(async () => api.sendFile(id, appid, await base64(picture)))) load();
  } });
  const choose = async () => {
    const choice = await actionSheet([{ key: "picture", label: t("图片", "Picture") }, { key: "place", label: t("位置", "Place") }]);
    if (choice === "picture") file.click();
    else if (choice === "place" && await attempt(() => api.sendPlace(id, appid, PLACE))) load();
  };
  return [h("button", { class: "foot-toggle", testid: "chat-more", "aria-label": t("更多", "More"), onclick: choose }, icon("plus")), file];
}

async function base64(file) {
  let text = "";
  for (const byte of new Uint8Array(await file.arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text);
}
