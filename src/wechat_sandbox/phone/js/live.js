// Keeps the chats fresh: the server's event stream wakes us, polling stands in while it is broken.

import { badgeOf, groupFace } from "./avatar.js";
import { api, eventsUrl } from "./api.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { lastLine } from "./messages.js";
import { topKey } from "./stack.js";
import { account, contactKey, emit, state, tint } from "./state.js";
import { t } from "./text.js";

const POLL_MS = 2500;
let source = null;
let poll = 0;
let wanted = false;
let reading = null;
const BANNER_MS = 3000;
const BANNER_PAUSE_MS = 400;
let bannerTimer = 0;

/** Starts to listen for this shopper. */
export function startLive() {
  listen();
  document.addEventListener("visibilitychange", () => !document.hidden && refreshChats());
}

function listen() {
  if (!("EventSource" in window)) return startPolling();
  source = new EventSource(eventsUrl(state.shopper.shopper_id));
  // Whatever was said, the answer is the same: read the chats again.
  source.addEventListener("message", refreshChats);
  source.addEventListener("chats", refreshChats);
  source.addEventListener("friend", refreshChats);
  source.addEventListener("corp_message", refreshChats);
  source.addEventListener("moment", (event) => {
    const { moment } = JSON.parse(event.data);
    if (topKey() !== "moments" && moment.author.shopper_id !== state.shopper.shopper_id) state.newMoments += 1;
    emit("moments");
  });
  source.addEventListener("sheet", (event) => emit("sheet", JSON.parse(event.data).sheet));
  source.onopen = () => {
    stopPolling();
    refreshChats();
  };
  source.onerror = () => {
    startPolling();
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
}

function startPolling() {
  if (!poll) poll = setInterval(refreshChats, POLL_MS);
}

function stopPolling() {
  clearInterval(poll);
  poll = 0;
}

/** Reads the chats and tells those who show them. Calls during a reading are folded into one more. */
export async function refreshChats() {
  if (reading) {
    wanted = true;
    return reading;
  }
  reading = read().finally(() => {
    reading = null;
    if (wanted) {
      wanted = false;
      refreshChats();
    }
  });
  return reading;
}

async function read() {
  const me = state.shopper.shopper_id;
  let chats;
  let friends;
  let service;
  let contacts;
  try {
    [chats, friends, service, contacts] = await Promise.all([api.chats(me), api.friends(me), api.serviceMessages(me), api.contacts(me)]);
  } catch (error) {
    // A sandbox that kept nothing over a restart no longer knows this shopper: start over with the choice.
    if (error.status === 404) location.reload();
    startPolling();
    return;
  }
  const first = !state.ready;
  const heard = compare("chat", state.chats, chats, (chat) => chat.appid);
  const said = compare("talk", state.talks, friends.items, (talk) => talk.chat_id);
  const written = compare("corp", state.contacts.map(withLast), contacts.map(withLast), contactKey);
  const served = JSON.stringify(service[0]?.id) !== JSON.stringify(state.service[0]?.id);
  Object.assign(state, { chats, talks: friends.items, friends: friends.friends, service, contacts, ready: true });
  if (first || heard.any || said.any || written.any || served) emit("chats");
  if (served) emit("service");
  for (const { key, more, item } of [...heard.changed, ...said.changed, ...written.changed]) {
    emit(key);
    // Neither over the chat itself nor over its account page, which leads there.
    if (!first && more && !isOpen(key)) banner(key, item);
  }
  if (served && !first && topKey() !== "service") banner("service", { last: service[0], name: t("服务通知", "Service notifications") });
}

/** An employee's chat with what the other lists have: its last line, how much came from there, a name. */
const withLast = (contact) => ({
  ...contact, name: `${contact.member_name}@${contact.corp_name}`, last: contact.messages.at(-1) ?? null,
  unread: contact.messages.filter((message) => message.from === "member").length,
});

const isOpen = (key) => topKey()?.split(":")[1] === key.split(":")[1]; // also its account's page, which leads there

/** What changed between two readings of a list: {any, changed: [{key, item, more}]}. */
function compare(kind, before, now, idOf) {
  const old = new Map(before.map((item) => [idOf(item), item]));
  const changed = now
    .filter((item) => mark(item) !== mark(old.get(idOf(item))))
    .map((item) => ({ key: `${kind}:${idOf(item)}`, item, more: (item.unread ?? 0) > (old.get(idOf(item))?.unread ?? 0) }));
  return { changed, any: changed.length > 0 || before.length > now.length };
}

const mark = (chat) => (chat ? JSON.stringify([chat.last, chat.unread, chat.following, chat.menu]) : "");

/** Takes the note of this chat ("chat:wx..", "talk:s..", "service") away: it is being read. */
export function hideBanner(key) {
  document.querySelector(`#banner > [data-chat="${CSS.escape(key)}"]`)?.remove();
}

/** The note that slides in from above when something came while one was elsewhere. */
function banner(key, item) {
  const box = document.getElementById("banner");
  clearTimeout(bannerTimer);
  if (document.getElementById("overlays").childElementCount > 0) {
    bannerTimer = setTimeout(() => banner(key, item), BANNER_PAUSE_MS); // never over a payment: afterwards
    return;
  }
  if (isOpen(key)) return; // opened meanwhile
  const [kind, id] = key.split(":");
  const who = kind === "chat" ? account(id) : { name: item.name };
  const face = kind === "chat" ? badgeOf(who, "small") : kind === "corp" ? badgeOf({ name: item.name, color: tint(id) }, "small") : kind === "talk" ? groupFace(item.members, "small") : h("span", { class: "face small service-face" }, icon("bell"));
  const end = () => fill(box);
  fill(box, h("button", { class: "banner", testid: "banner", "data-chat": key, onclick: () => { end(); emit("open-chat", key); } },
    face,
    h("span", { class: "banner-text" }, h("b", null, who.name), h("span", null, lastLine(item.last))),
    h("span", { class: "banner-when" }, kind !== "corp" && item.unread > 1 ? String(item.unread) : "")));
  bannerTimer = setTimeout(end, BANNER_MS);
}
