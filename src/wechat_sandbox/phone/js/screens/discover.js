// The third tab: scan, and open a page by its address.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { halfSheet, toast } from "../overlays.js";
import { navBar, row } from "../parts.js";
import { t } from "../text.js";
import { openScan } from "./scan.js";
import { openWeb } from "./webview.js";

/** The tab. */
export function discoverPane() {
  const el = h("div", { class: "pane" },
    navBar({ title: t("发现", "Discover"), left: null }),
    h("div", { class: "scroll" },
      h("div", { class: "group" },
        row({ lead: icon("scan", "blue"), label: t("扫一扫", "Scan"), testid: "discover-scan", onclick: () => openScan() })),
      h("div", { class: "group" },
        row({ lead: icon("globe", "orange"), label: t("打开链接", "Open a link"), testid: "discover-link", onclick: askLink }))));
  return { el };
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
