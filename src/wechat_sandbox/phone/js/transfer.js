// A merchant's transfer to one's change (商家转账): it waits until the shopper confirms it.

import { api } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { attempt, halfSheet, toast } from "./overlays.js";
import { state } from "./state.js";
import { stamp, t, yuan } from "./text.js";

const WAITING = "WAIT_USER_CONFIRM";

/** Of wx.requestMerchantTransfer: finds the transfer by its package and asks. Answers "ok", "cancel" or "fail ...". */
export async function confirmTransfer(params) {
  const rows = await api.transfers(state.shopper.shopper_id);
  const row = rows.find((one) => one.package_info === params.package);
  if (!row || row.state !== WAITING) return "fail transfer not found";
  return (await transferSheet(row)) ? "ok" : "cancel";
}

/** Shows a transfer; one that waits can be taken. Answers true when it was taken now. */
export async function transferSheet(row) {
  const waits = row.state === WAITING;
  const line = (label, value) => value && h("div", { class: "pair" }, h("dt", null, label), h("dd", null, value));
  const choice = await halfSheet((end) => [
    h("p", { class: "pay-who", testid: "transfer-merchant" }, row.merchant_name),
    h("p", { class: "pay-sum", testid: "transfer-amount" }, h("small", null, "¥"), yuan(row.amount_fen)),
    h("dl", { class: "pairs" },
      line(t("转账说明", "For"), row.remark), line(t("收款方式", "To"), t("零钱", "Balance")),
      line(t("转账时间", "Sent at"), stamp(row.created_at))),
    waits
      ? h("button", { class: "button wide", testid: "transfer-take", "data-first": true, onclick: () => end("take") }, t("确认收款", "Receive"))
      : h("p", { class: "sheet-note" }, icon("tick", "green"), row.state === "SUCCESS" ? t("已存入零钱", "In your balance") : row.state),
    h("button", { class: "button wide grey", testid: "transfer-later", onclick: () => end(null) }, waits ? t("暂不收款", "Later") : t("关闭", "Close")),
  ], { label: t("商家转账", "Transfer"), testid: "transfer-sheet" });
  if (choice !== "take") return false;
  const taken = await attempt(() => api.confirmTransfer(state.shopper.shopper_id, row.transfer_bill_no));
  if (!taken) return false;
  toast(t("已存入零钱", "Received"), "done");
  return true;
}
