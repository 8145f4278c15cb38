// The web view: a page in a frame of its own cookie jar (credentialless), opened as this shopper.

import { webviewUrl } from "../api.js";
import { faceOf } from "../avatar.js";
import { connect } from "../bridge.js";
import { copy } from "../device.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { halfSheet, toast } from "../overlays.js";
import { navBar } from "../parts.js";
import { pop, push } from "../stack.js";
import { state } from "../state.js";
import { t } from "../text.js";
import { become } from "./who.js";

let number = 0;

/** Opens an address (http or https) on top. */
export function openWeb(url) {
  let host;
  try {
    host = new URL(url).host;
  } catch {
    toast(t("这个地址打不开", "This address cannot be opened"));
    return;
  }
  push(webScreen(url, host));
}

function webScreen(firstUrl, firstHost) {
  const view = { url: firstUrl, host: firstHost, title: "", canGoBack: false, menu: null, bridge: null };
  const key = `web:${(number += 1)}`;
  const title = h("span", null, firstHost);
  const bar = h("div", { class: "progress", "aria-hidden": "true" });
  const place = h("div", { class: "web-place" });
  const backButton = h("button", { class: "nav-button", testid: "web-back", "aria-label": t("返回上一页", "Back"), onclick: () => goBack() }, icon("back"));
  const moreButton = h("button", { class: "nav-button", testid: "web-more", "aria-label": t("更多", "More"), onclick: () => moreMenu(view, act) }, icon("more"));
  backButton.hidden = true;

  const close = () => pop();
  const goBack = () => {
    if (!view.canGoBack) return false;
    view.bridge.emit("back");
    return true;
  };
  const retitle = () => fill(title, view.title || view.host);
  const remember = ({ url, title: words, canGoBack }) => {
    if (url) {
      view.url = url;
      view.host = new URL(url).host;
    }
    if (words !== undefined) view.title = words;
    view.canGoBack = Boolean(canGoBack);
    backButton.hidden = !view.canGoBack;
    retitle();
  };
  const handlers = {
    arrived: (params) => {
      moreButton.hidden = false;
      view.menu = null;
      remember(params);
    },
    titled: (words) => {
      view.title = String(words ?? "").slice(0, 80);
      retitle();
    },
    moved: remember,
    menuChanged: (menu) => {
      view.menu = menu;
      moreButton.hidden = menu.hidden;
    },
    close,
  };
  const load = (url) => {
    view.bridge?.end();
    const frame = document.createElement("iframe");
    frame.setAttribute("credentialless", "");
    frame.setAttribute("allow", "clipboard-write; geolocation; fullscreen");
    frame.dataset.testid = "web-frame";
    frame.title = t("网页", "Page");
    bar.classList.remove("done");
    frame.addEventListener("load", () => bar.classList.add("done"));
    frame.src = webviewUrl(state.shopper.shopper_id, url);
    view.bridge = connect(frame, handlers);
    fill(place, frame);
  };
  const act = (what) => what === "reload" && load(view.url);

  const el = h("div", { class: "screen web", testid: "webview" },
    navBar({
      title, testid: "web-title", cls: "web-nav",
      left: [
        h("button", { class: "nav-button", testid: "web-close", "aria-label": t("关闭", "Close"), onclick: close }, icon("close")),
        backButton,
      ],
      right: moreButton,
    }),
    bar, place);
  load(firstUrl);
  return { el, key, back: goBack, destroy: () => view.bridge.end() };
}

/** The panel behind the three dots. */
async function moreMenu(view, act) {
  const menu = view.menu;
  const sharable = !menu?.baseOnly && !menu?.without.has("menuItem:share:appMessage");
  const tile = (end, key, mark, label) => h("button", { class: "tile", testid: `web-${key}`, onclick: () => end(key) }, h("span", null, icon(mark)), label);
  const choice = await halfSheet((end) => [
    h("p", { class: "sheet-note" }, t(`网页由 ${view.host} 提供`, `This page is provided by ${view.host}`)),
    h("div", { class: "tiles" },
      sharable && tile(end, "share", "share", t("转发给朋友", "Send to a friend")),
      tile(end, "copy", "link", t("复制链接", "Copy link")),
      tile(end, "reload", "reload", t("刷新", "Reload")),
      tile(end, "outside", "globe", t("在浏览器打开", "Open in browser"))),
    h("button", { class: "button wide grey", testid: "web-menu-cancel", onclick: () => end() }, t("取消", "Cancel")),
  ], { label: t("更多", "More"), testid: "web-menu" });
  if (choice === "copy") toast(await copy(view.url) ? t("已复制", "Copied") : view.url, "done");
  else if (choice === "outside") window.open(view.url, "_blank", "noopener");
  else if (choice === "share") forward(view);
  else if (choice) act(choice);
}

/** Hands the page's share card to another shopper: this phone then becomes theirs, with the card's link open. */
async function forward(view) {
  const card = { title: view.title, desc: "", link: view.url, imgUrl: "", ...defined(view.menu?.share) };
  const others = state.shoppers.filter((other) => other.shopper_id !== state.shopper.shopper_id);
  const choice = await halfSheet((end) => [
    h("h2", null, t("转发给", "Send to")),
    h("div", { class: "share-card", testid: "share-card" },
      h("span", { class: "share-text" }, h("b", { testid: "share-title" }, card.title || card.link), h("span", null, card.desc)),
      h("span", { class: "cover small" }, card.imgUrl ? h("img", { src: card.imgUrl, alt: "" }) : icon("link"))),
    h("div", { class: "friends" }, others.map((friend) => h("button", { class: "friend", testid: "share-friend", "data-shopper": friend.shopper_id, onclick: () => end(friend) }, faceOf(friend), h("span", null, friend.nickname)))),
    others.length > 0
      ? h("p", { class: "sheet-note" }, t("手机会切换成这位朋友，并打开卡片。", "The phone becomes this friend's, with the card open."))
      : h("p", { class: "sheet-note" }, t("沙箱里还没有别的购物者。", "There is no other shopper in this sandbox yet.")),
    h("button", { class: "button wide grey", testid: "share-copy", onclick: () => end("copy") }, t("复制卡片链接", "Copy the card's link")),
  ], { label: t("转发给", "Send to"), testid: "share-sheet" });
  if (!choice) return;
  view.bridge.emit("shared", { to: "appmessage" });
  if (choice === "copy") toast(await copy(card.link) ? t("已复制", "Copied") : card.link, "done");
  else become(choice.shopper_id, card.link);
}

const defined = (object) => Object.fromEntries(Object.entries(object ?? {}).filter(([, value]) => value));
