// What lies on the desk beside the phone on a wide screen: how to begin, the codes to scan, what was sent.

import { api, qrUrl } from "./api.js";
import { faceOf } from "./avatar.js";
import { fill, h } from "./dom.js";
import { drawLog } from "./log.js";
import { faces } from "./people.js";
import { besideBar, drawBeside } from "./phones.js";
import { actOn, codeFacts, groupCodes } from "./screens/scan.js";
import { become } from "./screens/who.js";
import { state } from "./state.js";
import { lang, switchLanguage, t } from "./text.js";
import { beside } from "./theme.js";

const EVERY_MS = 4000;
let coded = "";

/** Fills the desk and keeps it fresh while it can be seen. */
export function startDesk() {
  if (beside) return; // the desk is around the first phone
  fill(document.getElementById("desk-left"), head(), howTo(), people(), besideBar(), h("div", { id: "desk-codes" }));
  drawBeside();
  window.addEventListener("resize", drawBeside);
  fill(document.getElementById("desk-right"), h("div", { id: "desk-log" }));
  const look = () => {
    if (document.hidden || getComputedStyle(document.getElementById("desk-left")).display === "none") return;
    drawCodes();
    drawLog(document.getElementById("desk-log"));
  };
  look();
  setInterval(look, EVERY_MS);
}

function head() {
  return h("header", { class: "desk-head" },
    h("div", null, h("h1", null, t("微信沙箱", "WeChat sandbox")), h("p", null, t("你的桌上就有一部微信手机", "A WeChat phone on your desk"))),
    h("button", { class: "desk-lang", testid: "desk-language", onclick: switchLanguage }, lang === "en" ? "中文" : "English"));
}

function howTo() {
  const steps = [
    t("选一位购物者，手机就是他的。", "Choose a shopper: the phone is theirs."),
    t("点下面的一个码，等于用手机扫它。", "Tap a code below: that is scanning it."),
    t("关注公众号，点菜单进商城。", "Follow the account, enter the mall by its menu."),
    t("下单、支付，消息回到会话里。", "Order and pay; the messages come to the chat."),
    t("点右上角转发给朋友，看他怎么买。", "Send it to a friend by the menu, and buy as the friend."),
  ];
  return h("section", { class: "desk-how" }, h("h2", null, t("怎么用", "How to")), h("ol", null, steps.map((step) => h("li", null, step))));
}

function people() {
  const current = state.shopper?.shopper_id;
  if (!state.shoppers.length) return null;
  const mineFirst = [...state.shoppers].sort((a, b) => Number(b.shopper_id === current) - Number(a.shopper_id === current));
  return h("section", null,
    h("h2", null, t("购物者", "Shoppers")),
    faces(mineFirst, (shopper) => h("button", {
      class: `desk-person ${shopper.shopper_id === current ? "on" : ""}`, testid: "desk-shopper", "data-shopper": shopper.shopper_id,
      "aria-current": shopper.shopper_id === current ? "true" : null, title: shopper.nickname, onclick: () => become(shopper.shopper_id),
    }, faceOf(shopper), h("span", null, shopper.nickname)), "desk-more"),
    !("credentialless" in HTMLIFrameElement.prototype) && h("p", { class: "desk-none" }, t("这个浏览器的网页共用一份 Cookie，换购物者后商城可能还认得上一位；用 Chrome 或 Edge 就不会。", "In this browser all pages share one cookie jar: after a switch a mall may still know the former shopper. Chrome and Edge keep them apart.")));
}

async function drawCodes() {
  const codes = await api.codes().catch(() => null);
  const text = JSON.stringify(codes);
  if (!codes || text === coded) return;
  coded = text;
  fill(document.getElementById("desk-codes"), h("section", null,
    h("h2", null, t("可以扫的码", "Codes to scan"), h("small", null, String(codes.length))),
    codes.length
      ? groupCodes(codes).map((group) => [h("h3", null, group.name), h("div", { class: "desk-grid" }, group.codes.map(deskCode))])
      : h("p", { class: "desk-none" }, t("商家生成带参数的二维码后，会出现在这里。", "Codes appear here as soon as a merchant makes them."))));
}

function deskCode(code) {
  const facts = codeFacts(code);
  return h("button", {
    class: `desk-code ${facts.expired ? "expired" : ""} ${facts.captioned ? "captioned" : ""}`, title: facts.note, testid: "desk-code", "data-content": facts.content, "data-scene": code.scene,
    disabled: !state.shopper, onclick: () => actOn(facts.content),
  },
    h("img", { src: qrUrl(facts.content), alt: t("二维码", "QR code"), loading: "lazy" }),
    h("b", null, facts.name), h("small", null, facts.note));
}
