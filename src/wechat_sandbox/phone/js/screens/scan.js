// Scan: choose one of the codes made so far, paste what a code says, or take it from a picture.

import { api, qrUrl } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { refreshChats } from "../live.js";
import { attempt, dialog, halfSheet, toast } from "../overlays.js";
import { backButton } from "../parts.js";
import { pay } from "../pay.js";
import { pop, push } from "../stack.js";
import { account, state } from "../state.js";
import { t } from "../text.js";
import { accountScreen } from "./account.js";
import { openChat } from "./chat.js";
import { CONTACT_CODE, addEmployee } from "./employee.js";
import { openMini } from "./mini.js";
import { openWeb } from "./webview.js";

/** Opens the scanner and acts on what is scanned. */
export function openScan() {
  push(scanScreen((content) => {
    pop();
    actOn(content);
  }, () => {}));
}

/** Opens the scanner for a page (wx.scanQRCode with needResult 1); answers the text or null. */
export function scanForText() {
  return new Promise((resolve) => {
    push(scanScreen((content) => {
      pop();
      resolve(content);
    }, () => resolve(null)));
  });
}

/** What the phone does with a code's content. */
export async function actOn(content) {
  if (content.startsWith(CONTACT_CODE)) return addEmployee(content);
  const found = await attempt(() => api.scan(state.shopper.shopper_id, content), t("正在识别", "Reading"));
  if (!found) return undefined;
  switch (found.action) {
    case "follow_page":
      push(accountScreen(found.appid, { name: found.name, ticket: found.ticket }));
      break;
    case "scanned":
      await refreshChats();
      openChat(found.appid, { home: true });
      break;
    case "open_url":
      openWeb(found.url);
      break;
    case "pay":
      pay({ sheet: found.sheet });
      break;
    case "open_mini_program":
      openMini({ appid: found.appid, pagepath: found.page, scene: found.scene });
      break;
    default:
      dialog({ title: t("扫描结果", "The code says"), text: found.text ?? content, ok: t("知道了", "OK") });
  }
  return undefined;
}

/** Codes by account, in the accounts' order: first those without a caption (just made, newest first), then by caption. */
export function groupCodes(codes) {
  const order = [...state.accounts.keys()];
  const groups = new Map();
  for (const code of codes) groups.set(code.appid, [...(groups.get(code.appid) ?? []), code]);
  return [...groups]
    .sort(([a], [b]) => (order.indexOf(a) + 1 || Infinity) - (order.indexOf(b) + 1 || Infinity) || 0)
    .map(([appid, group]) => ({
      name: group[0].name || account(appid).name,
      codes: group.sort((a, b) => (a.caption ?? "").localeCompare(b.caption ?? "", "zh")),
    }));
}

/** Name, note and content of a code for lists. A caption stands below its account's name, and need not say it again. */
export function codeFacts(code) {
  const who = code.name || account(code.appid).name;
  const caption = code.caption ?? "";
  return {
    content: code.url,
    name: (caption.startsWith(who) ? caption.slice(who.length).replace(/^[\s·・—-]+/, "") : caption) || who,
    captioned: Boolean(caption),
    note: (code.kind === "mini_program" ? t("小程序码 ", "Mini program ") : code.kind === "contact" ? t("添加好友 ", "Contact ") : t("场景 ", "Scene ")) + (code.scene || t("无", "none")) + (code.expired ? t("（已过期）", " (expired)") : ""),
    mini: code.kind === "mini_program",
    expired: Boolean(code.expired),
  };
}

function scanScreen(found, gone) {
  let answered = false;
  const use = (content) => {
    if (answered) return;
    answered = true;
    found(content);
  };
  const list = h("div", { class: "code-list", testid: "scan-codes" });
  const file = h("input", { type: "file", accept: "image/*", class: "hidden-file", testid: "scan-file", tabindex: "-1", "aria-label": t("二维码图片", "Picture of a code"), onchange: () => readPicture(file, use) });
  api.codes().then((codes) => fill(list, codes.length
    ? groupCodes(codes).map((group) => [h("h3", null, group.name), group.codes.map((code) => codeTile(code, use))])
    : h("p", { class: "scan-none" }, t("商家还没有做过二维码。可以粘贴内容，或从相册选一张图。", "No merchant has made a code yet. Paste what one says, or choose a picture."))))
    .catch((error) => toast(error.message));
  const el = h("div", { class: "screen scan", testid: "scan" },
    h("div", { class: "nav over" }, h("div", { class: "nav-side" }, backButton())),
    h("div", { class: "finder" },
      h("div", { class: "finder-line" }),
      h("p", null, t("点选一个码，就像用相机对准它", "Tap a code as if you held the camera over it"))),
    h("div", { class: "scan-sheet" },
      h("div", { class: "scan-tools" },
        h("h2", null, t("附近的码", "Codes around you")),
        h("button", { class: "chip", testid: "scan-paste", onclick: () => askContent().then((text) => text && use(text)) }, icon("paste"), t("粘贴", "Paste")),
        h("button", { class: "chip", testid: "scan-album", onclick: () => file.click() }, icon("image"), t("相册", "Album")), file),
      list));
  return { el, key: "scan", dark: true, destroy: () => !answered && gone() };
}

function codeTile(code, use) {
  const facts = codeFacts(code);
  return h("button", { class: `code-tile ${facts.expired ? "expired" : ""}`, testid: "scan-code", "data-content": facts.content, "data-scene": code.scene, onclick: () => use(facts.content) },
    h("img", { src: qrUrl(facts.content), alt: "", loading: "lazy", width: "72", height: "72" }),
    h("span", null, h("b", null, facts.name), h("small", null, facts.note)), facts.mini && icon("mini", "tile-mark"));
}

function askContent() {
  const input = h("textarea", {
    class: "field", rows: "3", testid: "scan-content", "data-first": true, spellcheck: "false",
    placeholder: t("http://weixin.qq.com/q/…、weixin://wxpay/… 或网址", "http://weixin.qq.com/q/…, weixin://wxpay/… or an address"),
    "aria-label": t("二维码的内容", "What the code says"),
  });
  return halfSheet((end) => h("form", {
    class: "sheet-form",
    onsubmit: (event) => {
      event.preventDefault();
      if (input.value.trim()) end(input.value.trim());
    },
  },
    h("h2", null, t("粘贴二维码的内容", "Paste what the code says")),
    input,
    h("button", { class: "button wide", type: "submit", testid: "scan-submit" }, t("识别", "Read"))),
  { label: t("粘贴二维码的内容", "Paste what the code says"), testid: "paste-sheet" });
}

async function readPicture(file, use) {
  const picture = file.files?.[0];
  file.value = "";
  if (!picture) return;
  if (!("BarcodeDetector" in window)) {
    dialog({
      title: t("这个浏览器不能识别图片", "This browser cannot read pictures"),
      text: t("请用“粘贴”，或换用支持 BarcodeDetector 的浏览器（如 macOS、Android 上的 Chrome）。", "Use “Paste”, or a browser with BarcodeDetector (Chrome on macOS or Android)."),
    });
    return;
  }
  try {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    const [code] = await detector.detect(await createImageBitmap(picture));
    if (code?.rawValue) use(code.rawValue);
    else toast(t("没有发现二维码", "No code in the picture"));
  } catch {
    toast(t("读不出这张图片", "The picture cannot be read"));
  }
}
