// What lies over the screens: toast, dialog, action sheet, half sheets. Each answers a promise.

import { fill, h, retire } from "./dom.js";
import { icon, spinner } from "./icons.js";
import { t } from "./text.js";

const host = () => document.getElementById("overlays");
let toastTimer = 0;

/** A short word in the middle of the screen: "plain", "done" or "loading". Answers the function that ends it. */
export function toast(words, kind = "plain", seconds = 1.8) {
  const box = document.getElementById("toast");
  clearTimeout(toastTimer);
  const mark = kind === "done" ? icon("tick") : kind === "loading" ? spinner() : null;
  const shown = h("div", { class: `toast ${kind}`, role: "status", testid: "toast" }, mark, h("span", null, words));
  fill(box, shown);
  const end = () => shown.remove();
  if (kind !== "loading") toastTimer = setTimeout(end, seconds * 1000);
  return end;
}

/** Runs work under a loading toast; a failure is shown and answered as undefined. */
export async function attempt(work, words = t("请稍候", "One moment")) {
  let end = () => {};
  const timer = setTimeout(() => {
    // What was just said is read first.
    if (!document.querySelector("#toast .toast:not(.loading)")) end = toast(words, "loading");
  }, 250);
  try {
    const result = await work();
    clearTimeout(timer);
    end();
    return result;
  } catch (error) {
    clearTimeout(timer);
    end();
    toast(error.message || t("出错了", "Something went wrong"), "plain", 2.6);
    return undefined;
  }
}

/** Adds an overlay and keeps the keyboard inside it. Answers {close}. */
export function overlay(node, { onescape, cls = "" } = {}) {
  const before = document.activeElement;
  const layer = h("div", { class: `overlay ${cls}` }, node);
  layer.onescape = onescape;
  const screens = document.getElementById("screens");
  host().append(layer);
  screens.inert = true;
  queueMicrotask(() => (layer.querySelector("[data-first]") ?? layer.querySelector("button, input"))?.focus({ preventScroll: true }));
  return {
    close() {
      if (layer.classList.contains("leaving")) return;
      layer.classList.add("leaving");
      retire(layer);
      screens.inert = host().querySelectorAll(".overlay:not(.leaving)").length > 0;
      setTimeout(() => layer.remove(), 220);
      if (before?.isConnected) before.focus({ preventScroll: true });
    },
  };
}

/** Sends Escape to the topmost overlay; false when there is none. */
export function escapeOverlay() {
  const top = [...host().querySelectorAll(".overlay:not(.leaving)")].at(-1);
  if (!top) return false;
  top.onescape?.();
  return true;
}

/** A dialog with one or two buttons; answers true for the right one. */
export function dialog({ title, text, ok = t("确定", "OK"), cancel, danger = false }) {
  return new Promise((resolve) => {
    const end = (value) => {
      layer.close();
      resolve(value);
    };
    const layer = overlay(
      h("div", { class: "dialog", role: "alertdialog", "aria-modal": "true", "aria-label": title ?? text, testid: "dialog" },
        h("div", { class: "dialog-body" },
          title && h("h2", { testid: "dialog-title" }, title),
          text && h("p", { testid: "dialog-text" }, text)),
        h("div", { class: "dialog-buttons" },
          cancel && h("button", { testid: "dialog-cancel", onclick: () => end(false) }, cancel),
          h("button", { class: danger ? "danger" : "primary", testid: "dialog-ok", "data-first": true, onclick: () => end(true) }, ok))),
      { cls: "center", onescape: () => end(false) });
  });
}

/** A list of choices from below: [{key, label, danger?}]; answers the key or null. */
export function actionSheet(choices, title) {
  return new Promise((resolve) => {
    const end = (value) => {
      layer.close();
      resolve(value);
    };
    const layer = overlay(
      h("div", { class: "sheet actions", role: "dialog", "aria-modal": "true", "aria-label": title ?? t("操作", "Actions"), testid: "action-sheet" },
        title && h("p", { class: "sheet-note" }, title),
        choices.map((c) => h("button", { class: c.danger ? "danger" : "", testid: `action-${c.key}`, onclick: () => end(c.key) }, c.label)),
        h("button", { class: "apart", testid: "action-cancel", onclick: () => end(null) }, t("取消", "Cancel"))),
      { cls: "bottom", onescape: () => end(null) });
    dismissOutside(end);
  });
}

/** A half sheet of free content; `build(end)` makes it, `end(value)` closes it. Answers the value or null. */
export function halfSheet(build, { label, testid, cls = "" } = {}) {
  return new Promise((resolve) => {
    const end = (value) => {
      layer.close();
      resolve(value ?? null);
    };
    const node = h("div", { class: `sheet half ${cls}`, role: "dialog", "aria-modal": "true", "aria-label": label, testid });
    node.append(...[build(end)].flat());
    const layer = overlay(node, { cls: "bottom", onescape: () => end(null) });
    dismissOutside(end);
  });
}

function dismissOutside(end) {
  const layer = host().lastElementChild;
  layer.addEventListener("click", (event) => event.target === layer && end(null));
}
