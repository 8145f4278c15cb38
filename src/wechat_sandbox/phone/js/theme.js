// Light, dark, or as the computer has it; and whether the phone stands in a case (drawn, not a phone's own screen).

import { t } from "./text.js";

const KEY = "phone.theme";
const NAMES = { auto: t("跟随系统", "As the system"), light: t("关闭", "Off"), dark: t("开启", "On") };
const dark = matchMedia("(prefers-color-scheme: dark)");
const wide = matchMedia("(min-width: 560px)");

/** One of "auto", "light", "dark". */
const chosen = () => (NAMES[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : "auto");

/** What the choice is called. */
export const themeName = () => NAMES[chosen()];

/** Whether this page is one of several phones of a desk. */
export const beside = new URLSearchParams(location.search).has("beside-of");

function apply() {
  const { classList } = document.documentElement;
  classList.toggle("night", chosen() === "dark" || (chosen() === "auto" && dark.matches));
  classList.toggle("cased", beside || wide.matches);
  classList.toggle("beside", beside);
}

/** Applies the choice and keeps to it. */
export function startTheme() {
  apply();
  dark.addEventListener("change", apply);
  wide.addEventListener("change", apply);
  window.addEventListener("storage", (event) => event.key === KEY && apply());
}

/** Goes to the next of the three. */
export function nextTheme(event) {
  const order = Object.keys(NAMES);
  localStorage.setItem(KEY, order[(order.indexOf(chosen()) + 1) % order.length]);
  apply();
  const note = event.currentTarget.querySelector(".row-note");
  if (note) note.textContent = themeName();
}
