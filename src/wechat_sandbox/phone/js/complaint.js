// Complaints about a merchant: what is wrong, what the merchant answered, and what one says to that.

import { api } from "./api.js";
import { h } from "./dom.js";
import { attempt, halfSheet, toast } from "./overlays.js";
import { state } from "./state.js";
import { t, when, yuan } from "./text.js";

const STATES = { PENDING: t("待商家处理", "Waits for the merchant"), PROCESSING: t("商家处理中", "Being handled"), PROCESSED: t("已处理完成", "Settled") };
const DID = {
  USER_CREATE_COMPLAINT: t("发起投诉", "Complained"), USER_RESPONSE: t("留言", "Wrote"), USER_CONTINUE_COMPLAINT: t("继续投诉", "Complained again"),
  MERCHANT_RESPONSE: t("回复", "Answered"), MERCHANT_CONFIRM_COMPLETE: t("反馈处理完成", "Said that it is settled"),
  MERCHANT_APPROVE_REFUND: t("同意退款", "Agreed to a refund"), MERCHANT_REFUSE_RERUND: t("拒绝退款", "Refused a refund"),
};

/** The complaint about a payment, if there is one. */
export async function complaintOf(bill) {
  const all = await api.complaints(state.shopper.shopper_id).catch(() => []);
  return all.find((one) => one.transaction_id === bill.transaction_id);
}

const words = (label, testid) => h("textarea", { class: "field", rows: "3", testid, maxlength: "200", "data-first": true, "aria-label": label, placeholder: label });

/** Asks what is wrong and tells the merchant's complaint interface. */
export async function complain(bill) {
  const text = words(t("投诉内容", "What is wrong"), "complaint-words");
  const refund = h("input", { type: "checkbox", testid: "complaint-refund" });
  const asked = await halfSheet((end) => h("form", {
    class: "sheet-form",
    onsubmit: (event) => {
      event.preventDefault();
      const detail = text.value.trim();
      if (detail) end({ detail, problem_type: refund.checked ? "REFUND" : "OTHERS" });
    },
  },
    h("h2", null, t("投诉商家", "Complain")), text,
    h("label", { class: "ask-always" }, refund, t(`申请退款 ¥${yuan(-bill.amount_fen)}`, `Ask ¥${yuan(-bill.amount_fen)} back`)),
    h("button", { class: "button wide", type: "submit", testid: "complaint-send" }, t("提交", "Send"))),
  { label: t("投诉商家", "Complain"), testid: "complaint-sheet" });
  if (!asked) return;
  const made = await attempt(() => api.complain(state.shopper.shopper_id, { transaction_id: bill.transaction_id, ...asked }));
  if (made) toast(t("已提交", "Sent"), "done");
}

/** How a complaint stands, line by line, with a word of one's own to it. */
export async function complaintSheet(complaint) {
  const over = complaint.state === "PROCESSED";
  const text = words(over ? t("还有问题？继续投诉", "Not content? Complain again") : t("补充留言", "Add something"), "complaint-reply");
  const said = await halfSheet((end) => h("form", {
    class: "sheet-form",
    onsubmit: (event) => {
      event.preventDefault();
      if (text.value.trim()) end(text.value.trim());
    },
  },
    h("h2", null, t("投诉进度", "Your complaint")),
    h("p", { class: "sheet-note", testid: "complaint-state" }, STATES[complaint.state]),
    h("ul", { class: "complaint-lines" }, complaint.history.map((line) => h("li", { testid: "complaint-line", "data-kind": line.kind },
      h("b", null, line.operator, DID[line.kind] && ` · ${DID[line.kind]}`), h("time", null, when(line.at, true)), line.details && h("p", null, line.details)))),
    text,
    h("button", { class: "button wide", type: "submit", testid: "complaint-say" }, over ? t("继续投诉", "Complain again") : t("发送", "Send"))),
  { label: t("投诉进度", "Your complaint"), testid: "complaint-progress" });
  if (said && await attempt(() => (over ? api.complainAgain : api.replyToComplaint)(complaint.complaint_id, said))) toast(t("已提交", "Sent"), "done");
}
