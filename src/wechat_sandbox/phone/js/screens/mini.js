// A mini program: its H5 build in a frame without an address bar, with the capsule in the corner and `wx` as a mini
// program has it. Which page that is, the sandbox knows by the mini program's home_url.

import { api } from "../api.js";
import { badgeOf } from "../avatar.js";
import { grantsSheet } from "../consent.js";
import { fill, h } from "../dom.js";
import { pageFrame } from "../frame.js";
import { icon } from "../icons.js";
import { attempt, dialog, halfSheet, toast } from "../overlays.js";
import { postMoment, sendCard } from "../share.js";
import { pop, push } from "../stack.js";
import { account, state } from "../state.js";
import { t } from "../text.js";
import { openWeb } from "./webview.js";

let number = 0;
const SHARE_WAIT_MS = 1500;

/** Opens a mini program by a card, a menu button, a scanned code: {appid, path|pagepath|page, scene?, url?}. */
export async function openMini(card) {
  const path = card?.path ?? card?.pagepath ?? card?.page ?? "";
  const opened = card?.appid && await attempt(() => api.openMini(state.shopper.shopper_id, card.appid, path, card.scene ?? ""));
  if (opened?.url) return push(miniScreen(opened));
  if (/^https?:/i.test(card?.url ?? "")) return openWeb(card.url);
  if (card?.appid && !opened) return undefined; // told already
  const lines = [
    card?.appid && account(card.appid).name, path, card?.scene && `scene=${card.scene}`, "",
    t("还不知道这个小程序的页面在哪里：PUT /_sandbox/mini-programs/{appid} 设好 home_url 就能打开。", "Nobody said where its pages are: PUT /_sandbox/mini-programs/{appid} with a home_url."),
  ];
  return dialog({ title: t("小程序", "Mini program"), text: lines.filter((line) => line != null && line !== false).join("\n"), ok: t("知道了", "OK") });
}

function miniScreen(opened) {
  const mini = { appid: opened.appid, name: opened.name };
  const place = h("div", { class: "web-place" });
  const title = h("span", null, mini.name);
  const backButton = h("button", { class: "nav-button", testid: "mini-back", "aria-label": t("返回", "Back"), onclick: () => view.goBack() }, icon("back"));
  backButton.hidden = true;
  let cardTold = null;

  const retitle = () => fill(title, view.title || mini.name);
  const remember = ({ url, title: words, canGoBack }) => {
    if (url) view.url = url;
    if (words !== undefined) view.title = words;
    view.canGoBack = Boolean(canGoBack);
    backButton.hidden = !view.canGoBack;
    retitle();
  };
  const view = {
    mini, url: opened.url, title: "", canGoBack: false,
    arrived: remember, moved: remember, menuChanged: () => {},
    titled: (words) => {
      view.title = String(words ?? "").slice(0, 80);
      retitle();
    },
    shareTold: (said) => cardTold?.(said.card),
    close: () => pop(),
    goBack: () => {
      if (!view.canGoBack) return false;
      pages.emit("back");
      return true;
    },
  };
  const pages = pageFrame(place, view, {
    name: `miniprogram:${mini.appid}:${state.shopper.shopper_id}`, testid: "mini-frame", label: mini.name, onload: () => splash.remove(),
  });
  const askCard = async (to) => {
    const told = new Promise((resolve) => {
      cardTold = resolve;
      setTimeout(() => resolve(null), SHARE_WAIT_MS);
    });
    pages.emit("ask-share", { to });
    const card = await told;
    return { title: card?.title || view.title || mini.name, desc: "", appid: mini.appid, path: card?.path || opened.path, img_url: card?.imageUrl || "" };
  };
  const more = async () => {
    const choice = await menu(mini);
    if (choice === "share") await sendCard(await askCard("appmessage"));
    else if (choice === "moments") await postMoment(await askCard("timeline"));
    else if (choice === "messages") await grantsSheet(mini);
    else if (choice === "restart") pages.load(opened.url);
    else if (choice === "about") toast(`AppID ${mini.appid}`, "plain", 4);
  };
  const splash = h("div", { class: "mini-splash", "aria-hidden": "true" }, badgeOf(account(mini.appid), "large"), h("b", null, mini.name));
  const el = h("div", { class: "screen mini", testid: "mini-program", "data-appid": mini.appid },
    h("header", { class: "nav web-nav" },
      h("div", { class: "nav-side" }, backButton),
      h("h1", { class: "nav-title", testid: "mini-title" }, title),
      h("div", { class: "nav-side end" },
        h("div", { class: "capsule" },
          h("button", { testid: "mini-more", "aria-label": t("更多", "More"), onclick: more }, icon("more")),
          h("button", { testid: "mini-close", "aria-label": t("关闭小程序", "Close"), onclick: () => pop() }, icon("target"))))),
    place, splash);
  pages.load(opened.url);
  return { el, key: `mini:${(number += 1)}`, back: view.goBack, destroy: () => pages.end() };
}

function menu(mini) {
  const tile = (end, key, mark, label) => h("button", { class: "tile", testid: `mini-${key}`, onclick: () => end(key) }, h("span", null, icon(mark)), label);
  return halfSheet((end) => [
    h("p", { class: "sheet-note" }, mini.name),
    h("div", { class: "tiles" },
      tile(end, "share", "share", t("发送给朋友", "Send to a friend")),
      tile(end, "moments", "aperture", t("分享到朋友圈", "Share to Moments")),
      tile(end, "messages", "bell", t("订阅消息", "Messages")),
      tile(end, "restart", "reload", t("重新进入", "Restart")),
      tile(end, "about", "mini", t("关于", "About"))),
    h("button", { class: "button wide grey", testid: "mini-menu-cancel", onclick: () => end() }, t("取消", "Cancel")),
  ], { label: t("更多", "More"), testid: "mini-menu" });
}
