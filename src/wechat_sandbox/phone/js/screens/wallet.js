// What this shopper has paid.

import { api } from "../api.js";
import { fill, h } from "../dom.js";
import { attempt, halfSheet } from "../overlays.js";
import { empty, navBar } from "../parts.js";
import { state } from "../state.js";
import { stamp, t, when, yuan } from "../text.js";

const STATES = {
  paid: t("支付成功", "Paid"), SUCCESS: t("支付成功", "Paid"), pending: t("待支付", "Waiting"), open: t("待支付", "Waiting"),
  cancelled: t("已取消", "Cancelled"), closed: t("已关闭", "Closed"), CLOSED: t("已关闭", "Closed"),
  refunded: t("已全额退款", "Refunded"), REFUND: t("已转入退款", "Refunded"), NOTPAY: t("待支付", "Waiting"),
};
const word = (value) => STATES[value] ?? value ?? "";
const isPaid = (payment) => ["paid", "SUCCESS"].includes(payment.state) || payment.state == null;

/** The screen. */
export function walletScreen() {
  const list = h("div", { class: "scroll", testid: "wallet" });
  const el = h("div", { class: "screen" }, navBar({ title: t("账单", "Bills") }), list);
  const load = async () => {
    const payments = await attempt(() => api.payments(state.shopper.shopper_id));
    if (!payments) return;
    const spent = payments.filter(isPaid).reduce((sum, p) => sum + p.total_fen, 0);
    fill(list,
      h("div", { class: "wallet-head" }, h("span", null, t("共支出", "Spent in all")), h("b", { testid: "wallet-spent" }, `¥${yuan(spent)}`)),
      payments.length
        ? h("div", { class: "group flush" }, payments.map(paymentRow))
        : empty("wallet", t("还没有付款", "No payments yet"), t("在商城里买点什么吧。", "Buy something in the mall.")));
  };
  load();
  return { el, key: "wallet", shown: load };
}

function paymentRow(payment) {
  return h("button", { class: "payment", testid: "payment", onclick: () => receipt(payment) },
    h("span", { class: "payment-text" },
      h("b", null, payment.merchant_name),
      h("span", null, payment.description),
      h("time", null, when(payment.at, true))),
    h("span", { class: "payment-sum" },
      h("b", { class: isPaid(payment) ? "" : "faint" }, `-${yuan(payment.total_fen)}`),
      !isPaid(payment) && h("span", null, word(payment.state))));
}

function receipt(payment) {
  const line = (label, value) => value && h("div", { class: "pair" }, h("dt", null, label), h("dd", null, value));
  halfSheet((end) => [
    h("h2", { class: "receipt-who" }, payment.merchant_name),
    h("p", { class: "receipt-sum" }, `-${yuan(payment.total_fen)}`),
    h("dl", { class: "pairs" },
      line(t("当前状态", "State"), word(payment.state) || t("支付成功", "Paid")),
      line(t("商品", "Goods"), payment.description),
      line(t("支付时间", "Paid at"), stamp(payment.at)),
      line(t("支付方式", "Paid by"), t("零钱", "Balance")),
      line(t("交易单号", "Transaction"), payment.transaction_id),
      line(t("商户单号", "Merchant's number"), payment.out_trade_no)),
    h("button", { class: "button wide grey", testid: "receipt-close", onclick: () => end() }, t("知道了", "Close")),
  ], { label: t("账单详情", "Receipt"), testid: "receipt" });
}
