// The web view: a page in a frame of its own cookie jar (credentialless), opened as this shopper.

import { copy } from "../device.js";
import { fill, h } from "../dom.js";
import { pageFrame } from "../frame.js";
import { icon } from "../icons.js";
import { halfSheet, toast } from "../overlays.js";
import { navBar } from "../parts.js";
import { postMoment, sendCard } from "../share.js";
import { pop, push } from "../stack.js";
import { t } from "../text.js";

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
  const view = { url: firstUrl, host: firstHost, title: "", canGoBack: false, menu: null };
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
    pages.emit("back");
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
  const pages = pageFrame(place, Object.assign(view, handlers), { label: t("网页", "Page"), onload: () => bar.classList.add("done") });
  const load = (url) => {
    bar.classList.remove("done");
    pages.load(url);
  };
  const act = (what) => {
    if (what === "reload") load(view.url);
    else pages.emit("shared", { to: what });
  };

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
  return { el, key, back: goBack, destroy: () => pages.end() };
}

/** The panel behind the three dots. */
async function moreMenu(view, act) {
  const menu = view.menu;
  const can = (item) => !menu?.baseOnly && !menu?.without.has(`menuItem:share:${item}`);
  const tile = (end, key, mark, label) => h("button", { class: "tile", testid: `web-${key}`, onclick: () => end(key) }, h("span", null, icon(mark)), label);
  const choice = await halfSheet((end) => [
    h("p", { class: "sheet-note" }, t(`网页由 ${view.host} 提供`, `This page is provided by ${view.host}`)),
    h("div", { class: "tiles" },
      can("appMessage") && tile(end, "share", "share", t("发送给朋友", "Send to a friend")),
      can("timeline") && tile(end, "moments", "aperture", t("分享到朋友圈", "Share to Moments")),
      tile(end, "copy", "link", t("复制链接", "Copy link")),
      tile(end, "reload", "reload", t("刷新", "Reload")),
      tile(end, "outside", "globe", t("在浏览器打开", "Open in browser"))),
    h("button", { class: "button wide grey", testid: "web-menu-cancel", onclick: () => end() }, t("取消", "Cancel")),
  ], { label: t("更多", "More"), testid: "web-menu" });
  if (choice === "copy") toast(await copy(view.url) ? t("已复制", "Copied") : view.url, "done");
  else if (choice === "outside") window.open(view.url, "_blank", "noopener");
  else if (choice === "share") (await sendCard(cardOf(view, menu?.share))) && act("appmessage");
  else if (choice === "moments") (await postMoment(cardOf(view, menu?.timeline ?? menu?.share))) && act("timeline");
  else if (choice) act(choice);
}

/** What is shared: what the page said, else its title and address. */
function cardOf(view, said) {
  const { title, desc, link, imgUrl } = said ?? {};
  return { title: title || view.title || view.host, desc: desc || "", link: link || view.url, img_url: imgUrl || "" };
}
