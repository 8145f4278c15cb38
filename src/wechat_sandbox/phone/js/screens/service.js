// Service notifications (服务通知): what mini programs sent by subscription, and the news of parcels.

import { api } from "../api.js";
import { badgeOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { hideBanner } from "../live.js";
import { templateOf } from "../messages.js";
import { attempt, dialog, toast } from "../overlays.js";
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
  let states = {};
  const me = state.shopper.shopper_id;
  /** How far each parcel is, so that only what is on its way can be confirmed. */
  const follow = async () => {
    const orders = state.service.some((one) => PARCELS[one.kind]) ? await api.shipments(me).catch(() => []) : [];
    states = Object.fromEntries(orders.map((order) => [order.transaction_id, order.order_state]));
    draw();
  };
  const receive = async (message) => {
    const sure = await dialog({ title: t("确认收到商品？", "Has it arrived?"), text: t("确认后，货款会结算给商家。", "The merchant is paid once you confirm."), ok: t("确认收货", "Confirm"), cancel: t("取消", "Cancel") });
    if (sure && await attempt(() => api.receive(me, message.transaction_id))) toast(t("已确认收货", "Confirmed"), "done");
    follow();
  };
  const draw = () => {
    const rows = [...state.service].reverse();
    fill(log, rows.length ? rows.map((row) => card(row, states[row.transaction_id], () => receive(row))) : empty("bell", t("还没有通知", "Nothing yet"), t("在小程序里允许订阅消息后，通知会来到这里。", "Allow a mini program to write to you: it arrives here.")));
    log.scrollTop = log.scrollHeight;
  };
  const offs = [on("service", () => { draw(); serviceRead(); follow(); })];
  draw();
  follow();
  return {
    el: h("div", { class: "screen chat", testid: "service" }, navBar({ title: t("服务通知", "Service notifications") }), log),
    key: "service", destroy: () => offs.forEach((off) => off()),
    shown: () => {
      hideBanner("service");
      serviceRead();
    },
  };
}

const PARCELS = { shipped: t("商家已发货", "On its way"), confirm_receive: t("请确认收货", "Please confirm that it arrived") };
const SHIPPED = 2;
const OVER = { 3: t("已确认收货", "Received"), 4: t("已确认收货", "Received"), 5: t("已退款", "Refunded") };

function card(message, orderState, receive) {
  const mini = { appid: message.appid, name: message.name };
  const { rows } = templateOf(message);
  const parcels = (message.parcels ?? []).flatMap((parcel) => plainRows(parcel));
  const pairs = rows.length ? rows : [...parcels, ...plainRows(message)];
  return h("div", { class: "card template", testid: "message", "data-kind": message.kind },
    h("div", { class: "template-who" }, badgeOf(account(mini.appid), "tiny"), h("span", null, mini.name), h("time", null, when(message.at, true))),
    h("div", { class: "template-body" },
      h("h3", null, message.title ?? PARCELS[message.kind] ?? t("服务通知", "Notice")),
      h("dl", { class: "pairs" }, pairs.map((row) => h("div", { class: "pair" }, h("dt", null, row.label), h("dd", null, row.value))))),
    PARCELS[message.kind] && orderState === SHIPPED && h("button", { class: "template-go green", testid: "service-receive", onclick: receive }, h("span", null, t("确认收货", "Confirm that it arrived")), icon("tick")),
    PARCELS[message.kind] && OVER[orderState] && h("p", { class: "template-go faint-word", testid: "service-over" }, OVER[orderState]),
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
