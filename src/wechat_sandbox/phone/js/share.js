// Sharing: a card goes to a friend, a group or the moments, with exactly the link or path that the page gave.

import { api } from "./api.js";
import { faceOf, groupFace } from "./avatar.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { refreshChats } from "./live.js";
import { attempt, halfSheet, toast } from "./overlays.js";
import { state } from "./state.js";
import { t } from "./text.js";

/** What a card looks like, small. */
export function cardPreview(card) {
  return h("div", { class: "share-card", testid: "share-card", "data-link": card.link ?? card.path },
    h("span", { class: "share-text" }, h("b", { testid: "share-title" }, card.title || card.link || card.path), h("span", null, card.desc)),
    h("span", { class: "cover small" }, card.img_url ? h("img", { src: card.img_url, alt: "" }) : icon(card.appid ? "mini" : "link")));
}

/** Asks to whom, with a word to go with it, and sends. Answers whether it was sent. */
export async function sendCard(card) {
  const words = h("input", { class: "field", testid: "share-words", maxlength: "200", autocomplete: "off", placeholder: t("给朋友留言", "Add a message"), "aria-label": t("留言", "Message") });
  const groups = state.talks.filter((talk) => talk.kind === "group");
  const to = await halfSheet((end) => [
    h("h2", null, t("发送给", "Send to")),
    cardPreview(card),
    words,
    h("div", { class: "friends" },
      groups.map((group) => tile(groupFace(group.members), group.name, { testid: "share-group", "data-chat": group.chat_id, onclick: () => end(group.chat_id) })),
      state.friends.map((one) => tile(faceOf(one), one.nickname, { testid: "share-friend", "data-shopper": one.shopper_id, onclick: () => end(one.shopper_id) }))),
    !state.friends.length && h("p", { class: "sheet-note" }, t("沙箱里还没有别的购物者。", "There is no other shopper in this sandbox yet.")),
    state.friends.length > 1 && h("button", { class: "button wide grey", testid: "share-new-group", onclick: () => end("+") }, t("发给新群聊", "Send to a new group")),
  ], { label: t("发送给", "Send to"), testid: "share-sheet" });
  if (!to) return false;
  const chatId = to === "+" ? await newGroup() : to;
  if (!chatId) return false;
  const me = state.shopper.shopper_id;
  const sent = await attempt(async () => {
    await api.sendToFriend(me, chatId, { card });
    if (words.value.trim()) await api.sendToFriend(me, chatId, { content: words.value.trim() });
    return true;
  });
  if (sent) toast(t("已发送", "Sent"), "done");
  refreshChats();
  return Boolean(sent);
}

function tile(face, name, props) {
  return h("button", { class: "friend", ...props }, face, h("span", null, name));
}

/** Asks for members and makes the group; answers its chat id or null. */
export async function newGroup() {
  const boxes = state.friends.map((one) => h("input", { type: "checkbox", testid: "group-member", "data-shopper": one.shopper_id, value: one.shopper_id }));
  const name = h("input", { class: "field", testid: "group-name", maxlength: "30", autocomplete: "off", placeholder: t("群名，可留空", "Name, may be empty"), "aria-label": t("群名", "Name of the group") });
  const members = await halfSheet((end) => h("form", {
    class: "sheet-form",
    onsubmit: (event) => {
      event.preventDefault();
      const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
      if (chosen.length) end(chosen);
      else toast(t("至少选一位朋友", "Choose a friend"));
    },
  },
    h("h2", null, t("发起群聊", "New group")), name,
    h("div", { class: "ask-list pick" }, state.friends.map((one, at) => h("label", { class: "ask-row" }, faceOf(one, "small"), h("span", null, one.nickname), boxes[at]))),
    h("button", { class: "button wide", type: "submit", testid: "group-make" }, t("完成", "Done"))),
  { label: t("发起群聊", "New group"), testid: "group-sheet" });
  if (!members) return null;
  const made = await attempt(() => api.createGroup([state.shopper.shopper_id, ...members], name.value.trim()));
  await refreshChats();
  return made?.chat_id ?? null;
}

/** Asks for a word and posts a card to the moments; a moment of words alone when there is no card. */
export async function postMoment(card) {
  const words = h("textarea", { class: "field", rows: "3", testid: "moment-words", maxlength: "500", "data-first": true, placeholder: t("这一刻的想法…", "What is on your mind?"), "aria-label": t("这一刻的想法", "Your words") });
  const go = await halfSheet((end) => h("form", {
    class: "sheet-form",
    onsubmit: (event) => {
      event.preventDefault();
      if (card || words.value.trim()) end(true);
    },
  },
    h("h2", null, t("发表到朋友圈", "Post to Moments")), words, card && cardPreview(card),
    h("button", { class: "button wide", type: "submit", testid: "moment-post" }, t("发表", "Post"))),
  { label: t("发表到朋友圈", "Post to Moments"), testid: "moment-sheet" });
  if (!go) return false;
  const posted = await attempt(() => api.postMoment(state.shopper.shopper_id, { text: words.value, ...(card ? { card } : {}) }));
  if (posted) toast(t("已发表", "Posted"), "done");
  return Boolean(posted);
}
