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
  const before = new Set();
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
      const [{ code }, open, paid] = await Promise.all([api.paymentCode(me), api.sheets(me, "open"), api.sheets(me, "paid")]);
      if (code !== shown) draw(code);
      const news = [...open, ...paid].filter((sheet) => !before.has(sheet.sheet_id + sheet.state));
      for (const sheet of [...open, ...paid]) before.add(sheet.sheet_id + sheet.state);
      const asked = !first && news.find((sheet) => sheet.state === "open");
      const done = !first && !asked && news.find((sheet) => sheet.state === "paid");
      first = false;
      if (asked) {
        await askForPassword(asked);
        before.add(`${asked.sheet_id}paid`);
      } else if (done) await thanks(done);
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
