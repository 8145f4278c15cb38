// What this shopper has paid.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { attempt, halfSheet } from "../overlays.js";
import { empty, navBar } from "../parts.js";
import { state } from "../state.js";
import { stamp, t, when, yuan } from "../text.js";

/** What stands under the sum, when there is something to say. */
function refundOf(bill) {
  if (!bill.refunded_fen) return "";
  return bill.refunded_fen >= bill.total_fen ? t("已全额退款", "Refunded") : t(`已退款 ¥${yuan(bill.refunded_fen)}`, `¥${yuan(bill.refunded_fen)} refunded`);
}

/** The screen. */
export function walletScreen() {
  const list = h("div", { class: "scroll", testid: "wallet" });
  const el = h("div", { class: "screen" }, navBar({ title: t("账单", "Bills") }), list);
  const load = async () => {
    const shopper = await attempt(() => api.shopper(state.shopper.shopper_id));
    if (!shopper) return;
    const { bills = [], spent_fen: spent = 0, refunded_fen: refunded = 0 } = shopper.wallet ?? {};
    const sum = (label, fen, testid) => h("span", null, label, h("b", { testid }, `¥${yuan(fen)}`));
    fill(list,
      h("div", { class: "wallet-head" }, sum(t("支出", "Spent"), spent, "wallet-spent"), refunded > 0 && sum(t("退款", "Refunded"), refunded, "wallet-refunded")),
      bills.length
        ? h("div", { class: "group flush" }, bills.map(billRow))
        : empty("wallet", t("还没有付款", "No payments yet"), t("在商城里买点什么吧。", "Buy something in the mall.")));
  };
  return { el, key: "wallet", shown: load };
}

function billRow(bill) {
  return h("button", { class: "payment", testid: "payment", onclick: () => receipt(bill) },
    h("span", { class: "payment-text" },
      h("b", null, bill.merchant_name),
      h("span", null, bill.description),
      h("time", null, when(bill.paid_at, true))),
    h("span", { class: "payment-sum" },
      h("b", null, `-${yuan(bill.total_fen)}`),
      h("span", null, refundOf(bill))));
}

function receipt(bill) {
  const line = (label, value) => value && h("div", { class: "pair" }, h("dt", null, label), h("dd", null, value));
  halfSheet((end) => [
    h("h2", { class: "receipt-who" }, bill.merchant_name),
    h("p", { class: "receipt-sum" }, `-${yuan(bill.total_fen)}`),
    h("dl", { class: "pairs" },
      line(t("当前状态", "State"), refundOf(bill) || t("支付成功", "Paid")),
      line(t("商品", "Goods"), bill.description),
      line(t("支付时间", "Paid at"), stamp(bill.paid_at)),
      line(t("支付方式", "Paid by"), t("零钱", "Balance")),
      line(t("交易单号", "Transaction"), bill.transaction_id),
      line(t("商户单号", "Merchant's number"), bill.out_trade_no)),
    h("button", { class: "button wide grey", testid: "receipt-close", onclick: () => end() }, t("知道了", "Close")),
  ], { label: t("账单详情", "Receipt"), testid: "receipt" });
}
