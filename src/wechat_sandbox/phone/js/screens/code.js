// The payment code (付款码) that a till scans: bars and a QR code of the same 18 digits, new every minute.

import { api, qrUrl } from "../api.js";
import { barcode } from "../barcode.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { toast } from "../overlays.js";
import { empty, navBar } from "../parts.js";
import { askForPassword, thanks } from "../pay.js";
import { state } from "../state.js";
import { copy } from "../device.js";
import { t } from "../text.js";

const LOOK_MS = 1500;

/** The screen; it looks whether a till used the code, and asks for the password when the till has to wait for it. */
export function codeScreen() {
  const me = state.shopper.shopper_id;
  const place = h("div", { class: "code-place" });
  const known = new Set();
  let shown = "";
  let busy = false;
  let first = true;

  const draw = (code) => {
    shown = code;
    const groups = code.replace(/(\d{4})(?=\d)/g, "$1 ");
    fill(place,
      h("button", { class: "code-bars", testid: "payment-code", "data-code": code, "aria-label": t(`付款码 ${groups}，点按复制`, `Payment code ${groups}, tap to copy`), onclick: async () => (await copy(code)) && toast(t("已复制", "Copied"), "done") },
        barcode(code), h("span", null, groups)),
      h("img", { class: "code-qr", src: qrUrl(code), alt: "" }),
      h("p", null, icon("wallet", "green"), t("零钱", "Balance")));
  };
  const look = async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const [{ code }, open, { items }] = await Promise.all([api.paymentCode(me), api.sheets(me), api.bills(me)]);
      if (code !== shown) draw(code);
      const asked = !first && open.find((sheet) => !known.has(sheet.sheet_id));
      const paid = !first && items.find((bill) => bill.kind === "payment" && !known.has(bill.bill_id));
      for (const one of [...open.map((sheet) => sheet.sheet_id), ...items.map((bill) => bill.bill_id)]) known.add(one);
      first = false;
      if (asked) {
        if (await askForPassword(asked) === "ok") (await api.bills(me)).items.forEach((bill) => known.add(bill.bill_id));
      } else if (paid) await thanks({ merchant_name: paid.title, total_fen: -paid.amount_fen });
    } catch (error) {
      if (!shown) fill(place, empty("barcode", t("付款码现在不可用", "No payment code now"), error.message));
    } finally {
      busy = false;
    }
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  return {
    el: h("div", { class: "screen code", testid: "code-screen" },
      navBar({ title: t("收付款", "Pay at a till") }),
      h("div", { class: "scroll" }, h("section", { class: "code-card" }, h("h2", null, icon("barcode"), t("向商家付款", "Show this to the till")), place))),
    key: "code", destroy: () => clearInterval(timer),
  };
}
