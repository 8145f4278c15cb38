// The wallet: balance, payment code, transfers to confirm, and the bills.

import { api } from "../api.js";
import { complain, complaintOf, complaintSheet } from "../complaint.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { attempt, halfSheet } from "../overlays.js";
import { empty, navBar, row } from "../parts.js";
import { push } from "../stack.js";
import { state } from "../state.js";
import { stamp, t, when, yuan } from "../text.js";
import { transferSheet } from "../transfer.js";
import { codeScreen } from "./code.js";

const WORDS = {
  refund: t("退款", "Refund"), transfer: t("商家转账", "Transfer"), red_packet_in: t("微信红包-来自", "Red packet from "),
  red_packet_out: t("发出红包", "Red packet"), red_packet_back: t("红包退回", "Red packet returned"),
};

const titleOf = (bill) => {
  if (bill.kind === "payment") return bill.title;
  if (bill.kind === "red_packet_in") return WORDS.red_packet_in + bill.title;
  return bill.title ? `${WORDS[bill.kind]}-${bill.title}` : WORDS[bill.kind];
};

/** What stands under the sum, when there is something to say. */
function stateOf(bill) {
  if (bill.kind !== "payment" || !bill.refunded_fen) return "";
  return bill.refunded_fen >= -bill.amount_fen ? t("已全额退款", "Refunded") : t(`已退款 ¥${yuan(bill.refunded_fen)}`, `¥${yuan(bill.refunded_fen)} refunded`);
}

const signed = (fen) => (fen > 0 ? "+" : "") + yuan(fen);

/** The screen. */
export function walletScreen() {
  const list = h("div", { class: "scroll", testid: "wallet" });
  const el = h("div", { class: "screen" }, navBar({ title: t("服务与钱包", "Pay and wallet") }), list);
  const me = state.shopper.shopper_id;
  const load = async () => {
    const [wallet, transfers] = await Promise.all([attempt(() => api.bills(me)), api.transfers(me).catch(() => [])]);
    if (!wallet) return;
    const waiting = transfers.filter((one) => one.state === "WAIT_USER_CONFIRM");
    const sum = (label, fen, testid) => h("span", null, label, h("b", { testid }, `¥${yuan(fen)}`));
    fill(list,
      h("div", { class: "pay-card" },
        h("button", { testid: "wallet-code", onclick: () => push(codeScreen()) }, icon("barcode"), t("收付款", "Pay at a till")),
        h("div", { testid: "wallet-balance" }, icon("wallet"), t("零钱", "Balance"), h("small", null, `¥${yuan(wallet.balance_fen)}`))),
      waiting.length > 0 && h("div", { class: "group" }, waiting.map((one) => row({
        lead: icon("swap", "green"), label: t(`待收款：${one.merchant_name}`, `To receive: ${one.merchant_name}`), note: `¥${yuan(one.amount_fen)}`,
        testid: "transfer-waiting", onclick: async () => (await transferSheet(one)) && load(),
      }))),
      h("div", { class: "wallet-head" },
        sum(t("支出", "Spent"), wallet.spent_fen, "wallet-spent"),
        wallet.refunded_fen > 0 && sum(t("退款", "Refunded"), wallet.refunded_fen, "wallet-refunded"),
        wallet.received_fen > 0 && sum(t("收入", "Received"), wallet.received_fen, "wallet-received")),
      wallet.items.length
        ? h("div", { class: "group flush" }, wallet.items.map(billRow))
        : empty("bill", t("还没有账单", "No bills yet"), t("在商城里买点什么吧。", "Buy something in the mall.")));
  };
  return { el, key: "wallet", shown: load };
}

function billRow(bill) {
  return h("button", { class: "payment", testid: "payment", "data-kind": bill.kind, onclick: () => receipt(bill) },
    h("span", { class: "payment-text" },
      h("b", null, titleOf(bill)),
      h("span", null, bill.note),
      h("time", null, when(bill.at, true))),
    h("span", { class: `payment-sum ${bill.amount_fen > 0 ? "in" : ""}` },
      h("b", null, signed(bill.amount_fen)),
      h("span", null, stateOf(bill))));
}

const DONE = { payment: t("支付成功", "Paid"), refund: t("已退款", "Refunded"), red_packet_out: t("已发出", "Given"), red_packet_back: t("已退回", "Returned") };

/** The details of a bill. */
export async function receipt(bill) {
  const complaint = bill.kind === "payment" && await complaintOf(bill);
  const line = (label, value) => value && h("div", { class: "pair" }, h("dt", null, label), h("dd", null, value));
  halfSheet((end) => [
    h("h2", { class: "receipt-who" }, titleOf(bill)),
    h("p", { class: "receipt-sum" }, signed(bill.amount_fen)),
    h("dl", { class: "pairs" },
      line(t("当前状态", "State"), stateOf(bill) || DONE[bill.kind] || t("已存入零钱", "Received")),
      line(bill.kind === "payment" ? t("商品", "Goods") : t("说明", "For"), bill.note),
      line(t("时间", "Time"), stamp(bill.at)),
      line(bill.amount_fen < 0 ? t("支付方式", "Paid by") : t("存入", "To"), bill.by === "零钱" ? t("零钱", "Balance") : bill.by),
      line(t("交易单号", "Transaction"), bill.transaction_id),
      line(t("商户单号", "Merchant's number"), bill.merchant_number)),
    complaint && h("button", { class: "text-link apart", testid: "receipt-complaint", onclick: () => { end(); complaintSheet(complaint); } }, t("查看投诉进度", "See your complaint")),
    bill.kind === "payment" && !complaint && h("button", { class: "text-link apart", testid: "receipt-complain", onclick: () => { end(); complain(bill); } }, t("对订单有疑惑？投诉商家", "Something wrong? Complain")),
    h("button", { class: "button wide grey", testid: "receipt-close", onclick: () => end() }, t("知道了", "Close")),
  ], { label: t("账单详情", "Receipt"), testid: "receipt" });
}
