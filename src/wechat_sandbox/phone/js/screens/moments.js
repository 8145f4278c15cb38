// The moments: what friends post, with cards that open as whoever taps them.

import { api } from "../api.js";
import { faceOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { attempt, halfSheet } from "../overlays.js";
import { empty, navBar } from "../parts.js";
import { postMoment } from "../share.js";
import { on, state } from "../state.js";
import { t, when } from "../text.js";
import { openMini } from "./mini.js";
import { openWeb } from "./webview.js";

/** The screen. */
export function momentsScreen() {
  const list = h("div", { class: "scroll white", testid: "moments" });
  const me = state.shopper.shopper_id;
  const load = async () => {
    const rows = await api.moments(me).catch(() => null);
    if (!rows) return;
    fill(list,
      h("div", { class: "moments-head" }, h("b", null, state.shopper.nickname), faceOf(state.shopper, "large")),
      rows.length ? rows.map((row) => post(row, load)) : empty("aperture", t("还没有动态", "Nothing here yet"), t("在商城里点右上角，把好东西分享到朋友圈。", "Share something from the mall by its menu.")));
  };
  const off = on("moments", load);
  const write = h("button", { class: "nav-button", testid: "moment-new", "aria-label": t("发表文字", "Post"), onclick: async () => (await postMoment(null)) && load() }, icon("camera"));
  return {
    el: h("div", { class: "screen plain" }, navBar({ title: t("朋友圈", "Moments"), right: write }), list),
    key: "moments", destroy: off,
    shown: () => {
      state.newMoments = 0;
      load();
    },
  };
}

function post(row, load) {
  const me = state.shopper.shopper_id;
  const like = async () => (await attempt(() => api.likeMoment(me, row.moment_id, !row.liked))) && load();
  const comment = async () => {
    const words = await ask();
    if (words && await attempt(() => api.commentMoment(me, row.moment_id, words))) load();
  };
  return h("article", { class: "moment", testid: "moment", "data-moment": row.moment_id },
    faceOf(row.author, "chat"),
    h("div", { class: "moment-body" },
      h("b", { class: "moment-who" }, row.author.nickname),
      row.text && h("p", null, row.text),
      row.card && cardButton(row.card),
      h("div", { class: "moment-foot" },
        h("time", null, when(row.at, true)),
        h("button", { class: row.liked ? "on" : "", testid: "moment-like", "aria-pressed": String(row.liked), "aria-label": t("赞", "Like"), onclick: like }, icon("heart")),
        h("button", { testid: "moment-comment", "aria-label": t("评论", "Comment"), onclick: comment }, icon("comment"))),
      (row.likes.length > 0 || row.comments.length > 0) && h("div", { class: "moment-said" },
        row.likes.length > 0 && h("p", { class: "moment-likes", testid: "moment-likes" }, icon("heart"), row.likes.join("，")),
        row.comments.map((one) => h("p", null, h("b", null, one.nickname), `：${one.content}`)))));
}

function cardButton(card) {
  return h("button", { class: "moment-card", testid: "moment-card", onclick: () => (card.appid ? openMini(card) : openWeb(card.link)) },
    h("span", { class: "cover small" }, card.img_url ? h("img", { src: card.img_url, alt: "" }) : icon(card.appid ? "mini" : "link")),
    h("span", null, card.title || card.link));
}

function ask() {
  const input = h("input", { class: "field", testid: "comment-words", maxlength: "200", autocomplete: "off", "data-first": true, "aria-label": t("评论", "Comment") });
  return halfSheet((end) => h("form", {
    class: "sheet-form",
    onsubmit: (event) => {
      event.preventDefault();
      end(input.value.trim());
    },
  }, h("h2", null, t("评论", "Comment")), input, h("button", { class: "button wide", type: "submit", testid: "comment-send" }, t("发送", "Send"))),
  { label: t("评论", "Comment"), testid: "comment-sheet" });
}
