// Keeps the chats fresh: the server's event stream wakes us, polling stands in while it is broken.

import { badgeOf } from "./avatar.js";
import { api, eventsUrl } from "./api.js";
import { fill, h } from "./dom.js";
import { lastLine } from "./messages.js";
import { topKey } from "./stack.js";
import { account, emit, state } from "./state.js";

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
  let chats;
  try {
    chats = await api.chats(state.shopper.shopper_id);
  } catch (error) {
    // A sandbox that kept nothing over a restart no longer knows this shopper: start over with the choice.
    if (error.status === 404) location.reload();
    startPolling();
    return;
  }
  const before = new Map(state.chats.map((chat) => [chat.appid, chat]));
  const first = !state.ready;
  state.chats = chats;
  state.ready = true;
  const changed = chats.filter((chat) => mark(chat) !== mark(before.get(chat.appid)));
  const gone = [...before.keys()].filter((appid) => !chats.some((chat) => chat.appid === appid));
  if (first || changed.length || gone.length) emit("chats");
  for (const chat of changed) {
    emit(`chat:${chat.appid}`);
    const more = (chat.unread ?? 0) > (before.get(chat.appid)?.unread ?? 0);
    // Neither over the chat itself nor over its account page, which leads there.
    if (!first && more && !topKey()?.endsWith(`:${chat.appid}`)) banner(chat);
  }
}

const mark = (chat) => (chat ? JSON.stringify([chat.last, chat.unread, chat.following, chat.menu]) : "");

/** Takes the note of this chat away: it is being read. */
export function hideBanner(appid) {
  document.querySelector(`#banner > [data-appid="${CSS.escape(appid)}"]`)?.remove();
}

/** The note that slides in from above when something came while one was elsewhere. */
function banner(chat) {
  const box = document.getElementById("banner");
  clearTimeout(bannerTimer);
  if (document.getElementById("overlays").childElementCount > 0) {
    bannerTimer = setTimeout(() => banner(chat), BANNER_PAUSE_MS); // never over a payment: afterwards
    return;
  }
  if (topKey()?.endsWith(`:${chat.appid}`)) return; // opened meanwhile
  const who = account(chat.appid);
  const end = () => fill(box);
  fill(box, h("button", { class: "banner", testid: "banner", "data-appid": chat.appid, onclick: () => { end(); emit("open-chat", chat.appid); } },
    badgeOf(who, "small"),
    h("span", { class: "banner-text" }, h("b", null, who.name), h("span", null, lastLine(chat.last))),
    h("span", { class: "banner-when" }, chat.unread > 1 ? String(chat.unread) : "")));
  bannerTimer = setTimeout(end, BANNER_MS);
}
