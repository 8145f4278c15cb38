// What lies on the desk beside the phone on a wide screen: how to begin, the codes to scan, what was sent.

import { api, qrUrl } from "./api.js";
import { faceOf } from "./avatar.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { actOn, codeFacts } from "./screens/scan.js";
import { become } from "./screens/who.js";
import { state } from "./state.js";
import { clock, lang, moment, switchLanguage, t } from "./text.js";

const EVERY_MS = 4000;
let logged = "";
let coded = "";
let logMissing = false;

/** Fills the desk and keeps it fresh while it can be seen. */
export function startDesk() {
  fill(document.getElementById("desk-left"), head(), howTo(), people(), h("div", { id: "desk-codes" }));
  fill(document.getElementById("desk-right"), h("div", { id: "desk-log" }));
  const look = () => {
    if (document.hidden || getComputedStyle(document.getElementById("desk-left")).display === "none") return;
    drawCodes();
    if (!logMissing) drawLog();
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
  ];
  return h("section", { class: "desk-how" }, h("h2", null, t("怎么用", "How to")), h("ol", null, steps.map((step) => h("li", null, step))));
}

function people() {
  const current = state.shopper?.shopper_id;
  if (!state.shoppers.length) return null;
  return h("section", null,
    h("h2", null, t("购物者", "Shoppers")),
    h("div", { class: "desk-people" }, state.shoppers.slice(0, 8).map((shopper) => h("button", {
      class: `desk-person ${shopper.shopper_id === current ? "on" : ""}`, testid: "desk-shopper", "data-shopper": shopper.shopper_id,
      "aria-current": shopper.shopper_id === current ? "true" : null, title: shopper.nickname, onclick: () => become(shopper.shopper_id),
    }, faceOf(shopper), h("span", null, shopper.nickname)))));
}

async function drawCodes() {
  const codes = await api.codes().catch(() => null);
  const text = JSON.stringify(codes);
  if (!codes || text === coded) return;
  coded = text;
  fill(document.getElementById("desk-codes"), h("section", null,
    h("h2", null, t("可以扫的码", "Codes to scan"), h("small", null, String(codes.length))),
    codes.length
      ? h("div", { class: "desk-grid" }, codes.map(deskCode))
      : h("p", { class: "desk-none" }, t("商家生成带参数的二维码后，会出现在这里。", "Codes appear here as soon as a merchant makes them."))));
}

function deskCode(code) {
  const facts = codeFacts(code);
  return h("button", {
    class: "desk-code", testid: "desk-code", "data-content": facts.content, "data-scene": code.scene,
    disabled: !state.shopper, onclick: () => actOn(facts.content),
  },
    h("img", { src: qrUrl(facts.content), alt: t("二维码", "QR code"), loading: "lazy" }),
    h("b", null, facts.name), h("small", null, facts.note));
}

async function drawLog() {
  let exchanges;
  try {
    exchanges = await api.exchanges();
  } catch (error) {
    // An older sandbox keeps no log; then the desk simply has no such panel.
    logMissing = error.status === 404;
    return;
  }
  const text = JSON.stringify(exchanges);
  if (text === logged) return;
  logged = text;
  fill(document.getElementById("desk-log"), h("section", { testid: "desk-log" },
    h("h2", null, t("发给商家的", "Sent to the merchants"), h("small", null, t("事件推送与支付通知", "pushes and notifications"))),
    exchanges.length
      ? h("ol", { class: "log" }, exchanges.map(logLine))
      : h("p", { class: "desk-none" }, t("还没有。关注、扫码、支付时，这里逐条记下微信向商家回调地址发了什么、商家怎么答。", "Nothing yet. Each push and notification to a merchant's callback is written here, with its answer."))));
}

function logLine(exchange) {
  const status = exchange.status ?? exchange.response?.status ?? 0;
  const good = status >= 200 && status < 300 && !exchange.error;
  const what = exchange.kind ?? exchange.event ?? exchange.summary ?? exchange.event_type ?? exchange.method ?? "";
  const detail = exchange.error || exchange.body || exchange.request?.body || "";
  return h("li", null, h("details", { testid: "log-line" },
    h("summary", null,
      h("time", null, clock(moment(exchange.at))),
      h("b", null, what),
      h("span", { class: `status ${good ? "good" : "bad"}` }, status ? String(status) : t("未送达", "failed"))),
    h("p", { class: "log-url" }, icon("next"), exchange.url ?? exchange.path ?? ""),
    detail && h("pre", null, typeof detail === "string" ? detail : JSON.stringify(detail, null, 2)),
    exchange.answer && h("pre", { class: "log-answer" }, typeof exchange.answer === "string" ? exchange.answer : JSON.stringify(exchange.answer, null, 2))));
}
