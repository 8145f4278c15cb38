// Pieces that several screens share: the bar at the top, rows of a list, an empty place.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { back } from "./stack.js";
import { t } from "./text.js";

/** A screen's title bar. `left` is "back", "close" or a node; `right` a node. */
export function navBar({ title, left = "back", right, testid, cls = "" }) {
  const leftNode = left === "back" ? backButton() : left;
  return h("header", { class: `nav ${cls}` },
    h("div", { class: "nav-side" }, leftNode),
    h("h1", { class: "nav-title", testid: testid ?? "nav-title" }, title),
    h("div", { class: "nav-side end" }, right));
}

/** The chevron that leads back. */
export function backButton() {
  return h("button", { class: "nav-button", testid: "nav-back", "aria-label": t("返回", "Back"), onclick: back }, icon("back"));
}

/** A row that leads somewhere. */
export function row({ label, note, lead, testid, onclick, arrow = true, cls = "" }) {
  return h("button", { class: `row ${cls}`, testid, onclick },
    lead && h("span", { class: "row-lead" }, lead),
    h("span", { class: "row-label" }, label),
    note && h("span", { class: "row-note" }, note),
    arrow && icon("next", "row-arrow"));
}

/** What stands in an empty list. */
export function empty(mark, title, text, ...more) {
  return h("div", { class: "empty", testid: "empty" }, icon(mark), h("b", null, title), text && h("p", null, text), more);
}
