// A chat with a friend or a group: words, cards, red packets.

import { api } from "../api.js";
import { faceOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { hideBanner, refreshChats } from "../live.js";
import { attempt, halfSheet, toast } from "../overlays.js";
import { packetSheet } from "../packet.js";
import { navBar } from "../parts.js";
import { push, returnTo } from "../stack.js";
import { friend, on, state } from "../state.js";
import { moment, t, when } from "../text.js";
import { inputBar } from "./chat.js";
import { openMini } from "./mini.js";
import { openWeb } from "./webview.js";

const PAUSE_MS = 5 * 60 * 1000;

/** Goes to the chat with a friend (their id) or a group. */
export function openTalk(chatId) {
  if (!returnTo(`talk:${chatId}`)) push(talkScreen(chatId));
}

const talkOf = (chatId) => state.talks.find((talk) => talk.chat_id === chatId);

function nameOf(chatId) {
  const talk = talkOf(chatId);
  return talk?.kind === "group" ? `${talk.name}(${talk.members.length})` : talk?.name ?? friend(chatId).nickname;
}

function talkScreen(chatId) {
  const me = state.shopper.shopper_id;
  const log = h("div", { class: "chat-log", testid: "chat-log", role: "log", "aria-live": "polite" });
  const title = h("span", null, nameOf(chatId));
  let shown = "";
  const toEnd = () => (log.scrollTop = log.scrollHeight);
  const load = async () => {
    let messages;
    try {
      messages = await api.friendMessages(me, chatId);
    } catch (error) {
      if (!shown) toast(error.message);
      return;
    }
    fill(title, nameOf(chatId));
    const text = JSON.stringify(messages);
    if (text !== shown) {
      shown = text;
      fill(log, conversation(messages, talkOf(chatId)?.kind === "group", chatId));
      toEnd();
    }
    if (talkOf(chatId)?.unread) refreshChats();
  };
  const say = async (content) => {
    if (await attempt(() => api.sendToFriend(me, chatId, { content }))) load();
  };
  const packet = h("button", { class: "foot-toggle", testid: "packet-new", "aria-label": t("发红包", "Red packet"), onclick: async () => (await givePacket(chatId)) && load() }, icon("packet"));
  const off = on(`talk:${chatId}`, load);
  load();
  return {
    el: h("div", { class: "screen chat", testid: "talk", "data-chat": chatId },
      navBar({ title, testid: "chat-title" }), log, h("div", { class: "chat-foot" }, inputBar(say, null, packet))),
    key: `talk:${chatId}`, destroy: off,
    shown: () => { hideBanner(`talk:${chatId}`); load(); },
  };
}

function conversation(messages, named, chatId) {
  let before = 0;
  return messages.map((message) => {
    const at = moment(message.at).getTime();
    const pause = at - before > PAUSE_MS && h("div", { class: "chat-time" }, when(message.at, true));
    before = at;
    return [pause, line(message, named, chatId)];
  });
}

const DRAW = { text: textOf, link: linkOf, mini: miniOf, red_packet: packetOf };

function line(message, named, chatId) {
  if (message.kind === "event") return h("div", { class: "chat-event", testid: "message", "data-kind": "event" }, message.content);
  return h("div", { class: `line ${message.mine ? "mine" : ""}`, testid: "message", "data-kind": message.kind, "data-from": message.from },
    faceOf(message.mine ? state.shopper : friend(message.from), "chat"),
    h("div", { class: "line-body" },
      named && !message.mine && h("span", { class: "line-name" }, message.nickname),
      DRAW[message.kind]?.(message, chatId)));
}

function textOf(message) {
  return h("div", { class: "bubble", testid: "bubble" }, message.content);
}

function linkOf({ card }) {
  return h("button", { class: "link-card", testid: "link-card", "data-link": card.link, onclick: () => openWeb(card.link) },
    h("b", null, card.title || card.link),
    h("span", { class: "link-body" }, h("span", null, card.desc || new URL(card.link).host), h("span", { class: "cover small" }, card.img_url ? h("img", { src: card.img_url, alt: "" }) : icon("link"))));
}

function miniOf({ card }) {
  return h("button", { class: "mini-card", testid: "mini-card", "data-path": card.path, onclick: () => openMini(card) },
    h("span", { class: "mini-who" }, icon("mini"), card.name),
    h("b", null, card.title),
    h("span", { class: "cover mini" }, card.img_url ? h("img", { src: card.img_url, alt: "" }) : icon("image")),
    h("span", { class: "mini-foot" }, icon("mini"), t("小程序", "Mini program")));
}

const PACKET = { open: t("领取红包", "Open"), taken: t("已领取", "Opened"), empty: t("已被领完", "All taken"), expired: t("已过期", "Expired") };

function packetOf(message) {
  return h("button", { class: `packet-card ${message.state === "open" ? "" : "done"}`, testid: "packet", "data-packet": message.packet_id, onclick: () => packetSheet(message.packet_id) },
    h("span", { class: "packet-body" }, icon("packet"), h("span", null, h("b", null, message.greeting), h("small", null, PACKET[message.state]))),
    h("span", { class: "packet-foot" }, t("微信红包", "Red packet")));
}

async function givePacket(chatId) {
  const group = talkOf(chatId)?.kind === "group" ? talkOf(chatId) : null;
  const field = (testid, label, props) => h("input", { class: "field", testid, "aria-label": label, placeholder: label, autocomplete: "off", ...props });
  const sum = field("packet-sum", t("金额（元）", "Sum in yuan"), { inputmode: "decimal", "data-first": true });
  const count = field("packet-count", t("红包个数", "How many"), { inputmode: "numeric", value: String(group?.members.length ?? 1) });
  const words = field("packet-words", t("恭喜发财，大吉大利", "Best wishes"), { maxlength: "25" });
  const message = await halfSheet((end) => h("form", {
    class: "sheet-form",
    onsubmit: (event) => {
      event.preventDefault();
      const fen = Math.round(Number(sum.value) * 100);
      if (fen > 0) end({ red_packet_fen: fen, count: group ? Number(count.value) || 1 : 1, greeting: words.value });
      else toast(t("请输入金额", "How much?"));
    },
  },
    h("h2", null, t("发红包", "Red packet")), sum, group && count, words,
    h("button", { class: "button wide red", type: "submit", testid: "packet-give" }, t("塞钱进红包", "Give"))),
  { label: t("发红包", "Red packet"), testid: "packet-form" });
  return message && attempt(() => api.sendToFriend(state.shopper.shopper_id, chatId, message));
}
