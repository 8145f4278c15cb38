// The payment sheet: what is bought, from whom, for how much; pay with one tap, or go away.

import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { icon, spinner } from "./icons.js";
import { attempt, dialog, overlay, toast } from "./overlays.js";
import { state } from "./state.js";
import { t, yuan } from "./text.js";

const OVER = { paid: t("订单已支付", "Already paid"), cancelled: t("支付已取消", "Cancelled"), closed: t("订单已关闭", "The order is closed"), expired: t("订单已过期", "The order has expired") };

/**
 * Shows the sheet for {sheet}, {pay_params} or {code_url}.
 * Answers {outcome: "ok"|"cancel"} or {outcome: "fail", message} when WeChat refuses to show it.
 */
export async function pay(request) {
  let sheet = request.sheet;
  if (!sheet) {
    const end = toast(t("微信支付", "WeChat Pay"), "loading");
    try {
      sheet = await api.createSheet(state.shopper.shopper_id, request);
    } catch (error) {
      end();
      await dialog({ title: t("无法支付", "Cannot pay"), text: error.message, ok: t("知道了", "OK") });
      return { outcome: "fail", message: error.message };
    }
    end();
  }
  if (OVER[sheet.state]) {
    await dialog({ text: OVER[sheet.state], ok: t("知道了", "OK") });
    return { outcome: "fail", message: OVER[sheet.state] };
  }
  return ask(sheet);
}

/** What is bought: one line, or of a combined order each merchant's. */
function goods(sheet) {
  if (!sheet.parts?.length) return h("div", { class: "pair" }, h("dt", null, t("商品", "Goods")), h("dd", { testid: "pay-description" }, sheet.description));
  return h("div", { class: "pair pay-parts", testid: "pay-parts", tabindex: "0", role: "group", "aria-label": t("合单支付的订单", "Orders paid together") },
    sheet.parts.map((part) => h("div", { class: "pay-part", testid: "pay-part" },
      h("dt", null, part.merchant_name, h("small", null, part.description)), h("dd", null, `¥${yuan(part.total_fen)}`))));
}

function ask(sheet) {
  return new Promise((resolve) => {
    let busy = false;
    const end = (outcome) => {
      layer.close();
      resolve({ outcome });
    };
    const cancel = async () => {
      if (busy) return;
      busy = true;
      await api.cancel(sheet.sheet_id).catch(() => {});
      end("cancel");
    };
    const confirm = async () => {
      if (busy) return;
      busy = true;
      fill(button, spinner());
      const paid = await attempt(() => api.pay(sheet.sheet_id));
      if (paid === undefined) {
        busy = false;
        fill(button, t("确认支付", "Pay now"));
        return;
      }
      layer.close();
      await thanks(sheet);
      resolve({ outcome: "ok" });
    };
    const button = h("button", { class: "button wide", testid: "pay-confirm", "data-first": true, onclick: confirm }, t("确认支付", "Pay now"));
    const layer = overlay(
      h("div", { class: "sheet half pay", role: "dialog", "aria-modal": "true", "aria-label": t("支付", "Payment"), testid: "pay-sheet" },
        h("div", { class: "pay-top" },
          h("button", { class: "nav-button", testid: "pay-close", "aria-label": t("取消支付", "Cancel"), onclick: cancel }, icon("close"))),
        h("p", { class: "pay-who", testid: "pay-merchant" }, sheet.merchant_name),
        h("p", { class: "pay-sum", testid: "pay-amount" }, h("small", null, "¥"), yuan(sheet.total_fen)),
        h("dl", { class: "pairs" },
          goods(sheet),
          h("div", { class: "pair" }, h("dt", null, t("支付方式", "Pay by")), h("dd", { class: "pay-by" }, icon("wallet", "green"), t("沙箱零钱", "Sandbox balance")))),
        button),
      { cls: "bottom", onescape: cancel });
  });
}

/** At a till above the free limit: the shopper enters six digits (any), as USERPAYING waits for. Answers the outcome. */
export function askForPassword(sheet) {
  return new Promise((resolve) => {
    let typed = "";
    let busy = false;
    const end = (outcome) => {
      layer.close();
      resolve(outcome);
    };
    const cancel = async () => {
      if (busy) return;
      busy = true;
      await api.cancel(sheet.sheet_id).catch(() => {});
      end("cancel");
    };
    const dots = h("div", { class: "dots", testid: "password-dots", role: "status", "aria-label": t("支付密码", "Password") });
    const press = async (digit) => {
      if (busy) return;
      typed = digit === "<" ? typed.slice(0, -1) : (typed + digit).slice(0, 6);
      draw();
      if (typed.length < 6) return;
      busy = true;
      const paid = await attempt(() => api.pay(sheet.sheet_id));
      busy = false;
      if (paid === undefined) return end("fail");
      end("ok");
      await thanks(sheet);
    };
    const draw = () => {
      fill(dots, Array.from({ length: 6 }, (_, at) => h("i", { class: at < typed.length ? "on" : "" })));
      dots.setAttribute("aria-label", t(`已输入 ${typed.length} 位`, `${typed.length} digits`));
    };
    const key = (label, value = label) => h("button", { class: "key", testid: `key-${value}`, "data-first": label === "1" || null, "aria-label": value === "<" ? t("退格", "Delete") : null, onclick: () => press(value) }, label);
    draw();
    const layer = overlay(
      h("div", {
        class: "sheet half pay password", role: "dialog", "aria-modal": "true", "aria-label": t("请输入支付密码", "Enter your password"), testid: "password-sheet",
        onkeydown: (event) => /^\d$/.test(event.key) ? press(event.key) : event.key === "Backspace" && press("<"),
      },
        h("div", { class: "pay-top" }, h("button", { class: "nav-button", testid: "password-close", "aria-label": t("取消支付", "Cancel"), onclick: cancel }, icon("close"))),
        h("p", { class: "pay-who" }, t("请输入支付密码", "Enter your password")),
        h("p", { class: "pay-who faint-word" }, sheet.merchant_name),
        h("p", { class: "pay-sum", testid: "password-amount" }, h("small", null, "¥"), yuan(sheet.total_fen)),
        dots,
        h("p", { class: "sheet-note" }, t("沙箱里任意六位都对", "Any six digits will do here")),
        h("div", { class: "keys" }, [..."123456789"].map((digit) => key(digit)), h("span"), key("0"), key(icon("back"), "<"))),
      { cls: "bottom", onescape: cancel });
  });
}

/** The page with the tick. */
export function thanks(sheet) {
  return new Promise((resolve) => {
    const done = () => {
      layer.close();
      resolve();
    };
    const layer = overlay(
      h("div", { class: "paid", role: "dialog", "aria-modal": "true", "aria-label": t("支付成功", "Paid"), testid: "paid" },
        h("div", { class: "paid-mark" }, h("span", null, icon("tick")), t("支付成功", "Paid")),
        h("p", { class: "paid-who", testid: "paid-merchant" }, sheet.merchant_name),
        h("p", { class: "pay-sum", testid: "paid-amount" }, h("small", null, "¥"), yuan(sheet.total_fen)),
        h("button", { class: "button outline", testid: "paid-done", "data-first": true, onclick: done }, t("完成", "Done"))),
      { cls: "full", onescape: done });
  });
}
