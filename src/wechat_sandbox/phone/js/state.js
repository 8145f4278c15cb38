// What the phone knows, and who wants to hear when it changes. Topics: "chats", "chat:<appid>", "talk:<chat id>",
// "moments", "service", "sheet".

import { api } from "./api.js";

/**
 * shopper: whose phone this is. accounts: appid -> {name, color}. chats: with official accounts, talks: with friends and
 * groups, service: what mini programs sent, contacts: employees with their chats; each as last read. friends: the other
 * shoppers.
 */
export const state = { shopper: null, shoppers: [], accounts: new Map(), chats: [], talks: [], friends: [], service: [], contacts: [], newMoments: 0 };

const listeners = new Map();

/** Calls `listener` at every change of a topic; answers the function that stops it. */
export function on(topic, listener) {
  const set = listeners.get(topic) ?? new Set();
  listeners.set(topic, set.add(listener));
  return () => set.delete(listener);
}

/** Says that a topic changed. */
export function emit(topic, detail) {
  for (const listener of [...(listeners.get(topic) ?? [])]) listener(detail);
}

/** Name and colour of an official account, also of one never heard of. */
export function account(appid) {
  const chat = state.chats.find((item) => item.appid === appid);
  const known = state.accounts.get(appid);
  const name = chat?.name ?? known?.name ?? appid;
  return { appid, name, color: known?.color ?? tint(appid), following: Boolean(chat?.following) };
}

/** A friend by id, also one never heard of. */
export function friend(id) {
  return state.friends.find((one) => one.shopper_id === id) ?? state.shoppers.find((one) => one.shopper_id === id) ?? { shopper_id: id, nickname: id };
}

const readKey = () => `phone.service.${state.shopper.shopper_id}`;

/** How many service notifications were not looked at yet. */
export const serviceUnread = () => {
  const read = state.service.findIndex((message) => message.id === localStorage.getItem(readKey()));
  return read < 0 ? state.service.length : read;
};

/** The service notifications were looked at. */
export function serviceRead() {
  if (!state.service.length || !serviceUnread()) return;
  localStorage.setItem(readKey(), state.service[0].id);
  emit("chats");
}

/** An employee's name among chats: company and member. */
export const contactKey = (contact) => `${contact.corpid}/${contact.userid}`;

const contactReadKey = (contact) => `phone.contact.${state.shopper.shopper_id}.${contactKey(contact)}`;

/** How many lines of an employee were not looked at yet. */
export function contactUnread(contact) {
  const read = contact.messages.findIndex((message) => message.id === localStorage.getItem(contactReadKey(contact)));
  return contact.messages.slice(read + 1).filter((message) => message.from === "member").length;
}

/** An employee's chat was looked at. */
export function contactRead(contact) {
  if (!contactUnread(contact)) return;
  localStorage.setItem(contactReadKey(contact), contact.messages.at(-1).id);
  emit("chats");
}

/** All that is unread, for the tab's badge. */
export const unreadCount = () =>
  [...state.chats, ...state.talks].reduce((sum, chat) => sum + (chat.unread ?? 0), 0) + serviceUnread() +
  state.contacts.reduce((sum, contact) => sum + contactUnread(contact), 0);

/** Reads names and colours of all official accounts and mini programs. */
export async function loadAccounts() {
  const all = await api.accounts();
  for (const item of [...(all.official_accounts ?? []), ...(all.mini_programs ?? [])]) {
    state.accounts.set(item.appid, { name: item.name, color: item.avatar_color ?? tint(item.appid), original: item.original_id });
  }
}

const TINTS = ["#5b8c7b", "#c2703d", "#6b7fb5", "#b5657a", "#8a7a4f", "#4f8aa0", "#7d6aa8", "#a05a4a"];

/** A stable colour for any text. */
export function tint(text) {
  return TINTS[hash(text) % TINTS.length];
}

/** A stable 32-bit number for any text (FNV-1a). */
export function hash(text) {
  let n = 2166136261;
  for (const char of String(text)) n = Math.imul(n ^ char.codePointAt(0), 16777619);
  return n >>> 0;
}
