// The third tab: moments, scan, open a page by its address, mini programs.

import { api } from "../api.js";
import { badgeOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { halfSheet, toast } from "../overlays.js";
import { navBar, row } from "../parts.js";
import { push } from "../stack.js";
import { account, on, state } from "../state.js";
import { t, when } from "../text.js";
import { openMini } from "./mini.js";
import { momentsScreen } from "./moments.js";
import { openScan } from "./scan.js";
import { openWeb } from "./webview.js";

/** The tab. */
export function discoverPane() {
  const minis = h("div");
  const moments = h("div", { class: "group" });
  const draw = () => fill(moments, row({
    lead: icon("aperture", "blue"), label: t("朋友圈", "Moments"), testid: "discover-moments",
    note: state.newMoments > 0 && h("i", { class: "count" }, String(state.newMoments)), onclick: () => push(momentsScreen()),
  }));
  on("moments", draw);
  draw();
  const load = async () => {
    draw();
    const rows = await api.minis(state.shopper.shopper_id).catch(() => []);
    fill(minis,
      rows.length > 0 && h("p", { class: "group-title" }, t("小程序", "Mini programs")),
      h("div", { class: "group flush" }, rows.map((mini) => row({
        lead: badgeOf(account(mini.appid), "small"), label: mini.name, cls: "person", testid: "mini-row",
        note: mini.opened_at ? when(mini.opened_at) : mini.runs ? "" : t("未设页面", "no pages"), onclick: () => openMini({ appid: mini.appid }),
      }))));
  };
  const el = h("div", { class: "pane" },
    navBar({ title: t("发现", "Discover"), left: null }),
    h("div", { class: "scroll" },
      moments,
      h("div", { class: "group" },
        row({ lead: icon("scan", "blue"), label: t("扫一扫", "Scan"), testid: "discover-scan", onclick: () => openScan() }),
        row({ lead: icon("globe", "orange"), label: t("打开链接", "Open a link"), testid: "discover-link", onclick: askLink })),
      minis));
  return { el, shown: load };
}

/** Asks for an address and opens it in the web view. */
export async function askLink() {
  const input = h("input", {
    class: "field", testid: "link-input", type: "url", inputmode: "url", "data-first": true, autocomplete: "off",
    placeholder: "http://", "aria-label": t("网页地址", "Address of the page"),
  });
  const url = await halfSheet((end) => h("form", {
    class: "sheet-form", novalidate: true,
    onsubmit: (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (/^https?:\/\/\S+$/i.test(text)) end(text);
      else toast(t("请输入 http:// 或 https:// 开头的地址", "An address begins with http:// or https://"));
    },
  },
    h("h2", null, t("打开链接", "Open a link")),
    h("p", { class: "sheet-note" }, t("像在聊天里点开它一样，在微信的网页里打开。", "Opens as if it were tapped in a chat.")),
    input,
    h("button", { class: "button wide", type: "submit", testid: "link-open" }, t("打开", "Open"))),
  { label: t("打开链接", "Open a link"), testid: "link-sheet" });
  if (url) openWeb(url);
}
