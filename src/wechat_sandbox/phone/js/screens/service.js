// Service notifications (服务通知): what mini programs sent by subscription, and the news of parcels.

import { badgeOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { hideBanner } from "../live.js";
import { templateOf } from "../messages.js";
import { empty, navBar } from "../parts.js";
import { push, returnTo } from "../stack.js";
import { account, on, serviceRead, state } from "../state.js";
import { t, when } from "../text.js";
import { openMini } from "./mini.js";

/** Goes to the notifications. */
export function openService() {
  if (!returnTo("service")) push(serviceScreen());
}

function serviceScreen() {
  const log = h("div", { class: "chat-log", testid: "service-log", role: "log" });
  const draw = () => {
    const rows = [...state.service].reverse();
    fill(log, rows.length ? rows.map(card) : empty("bell", t("还没有通知", "Nothing yet"), t("在小程序里允许订阅消息后，通知会来到这里。", "Allow a mini program to write to you: it arrives here.")));
    log.scrollTop = log.scrollHeight;
  };
  const offs = [on("service", () => { draw(); serviceRead(); })];
  draw();
  return {
    el: h("div", { class: "screen chat", testid: "service" }, navBar({ title: t("服务通知", "Service notifications") }), log),
    key: "service", destroy: () => offs.forEach((off) => off()),
    shown: () => {
      hideBanner("service");
      serviceRead();
    },
  };
}

function card(message) {
  const mini = { appid: message.appid, name: message.name };
  const { rows } = templateOf(message);
  const pairs = rows.length ? rows : plainRows(message);
  return h("div", { class: "card template", testid: "message", "data-kind": message.kind },
    h("div", { class: "template-who" }, badgeOf(account(mini.appid), "tiny"), h("span", null, mini.name), h("time", null, when(message.at, true))),
    h("div", { class: "template-body" },
      h("h3", null, message.title ?? t("服务通知", "Notice")),
      h("dl", { class: "pairs" }, pairs.map((row) => h("div", { class: "pair" }, h("dt", null, row.label), h("dd", null, row.value))))),
    h("button", { class: "template-go", testid: "service-open", onclick: () => openMini({ ...mini, path: message.page ?? "" }) },
      h("span", null, t("进入小程序查看", "Open the mini program")), icon("next")));
}

const KNOWN = {
  transaction_id: t("交易单号", "Transaction"), merchant_trade_no: t("商户单号", "Merchant's number"), description: t("商品", "Goods"), item_desc: t("商品", "Goods"),
  waybill_id: t("运单号", "Waybill"), tracking_no: t("运单号", "Waybill"), express_company: t("物流公司", "Courier"), content: t("内容", "Content"), text: t("内容", "Content"),
};

/** Rows of a notification that is no template: its plain fields that have a name for eyes. */
function plainRows(message) {
  return Object.entries(message).filter(([key, value]) => KNOWN[key] && value).map(([key, value]) => ({ label: KNOWN[key], value: String(value) }));
}
