// The screens of the phone, one on top of the other. A screen is
//   { el, key?, dark?, back?(): true when it dealt with "back" itself, shown?(), destroy?() }
// Only the top one can be reached by keyboard and reader; the others wait below, inert.

import { h, retire } from "./dom.js";

const layers = [];
const host = () => document.getElementById("screens");

/** Puts a screen on top. `replace` takes the one below away when the new one has arrived. */
export function push(screen, { replace = false } = {}) {
  const below = layers.at(-1);
  const layer = h("section", { class: "layer", "data-screen": screen.key }, screen.el);
  layers.push({ screen, layer });
  if (layers.length > 1) layer.classList.add("arriving");
  host().append(layer);
  layer.addEventListener("animationend", (event) => event.target === layer && layer.classList.remove("arriving"));
  if (replace && below) drop(below, 320);
  settle();
}

/** Takes the top screen away, or all those above `depth`. The first screen stays. */
export function pop(depth = layers.length - 1) {
  if (layers.length <= 1) return;
  const going = layers.slice(Math.max(1, depth));
  for (const item of going.slice(0, -1)) drop(item, 0);
  const last = going.at(-1);
  last.layer.classList.add("leaving");
  drop(last, 260);
  settle();
}

/** What a back gesture does: the top screen may use it first. */
export function back() {
  if (layers.at(-1)?.screen.back?.()) return;
  pop();
}

/** Closes everything above the first screen and puts this one on it. */
export function pushOverHome(screen) {
  for (const item of layers.slice(1)) drop(item, 320);
  push(screen);
}

/** Starts over with one screen. */
export function reset(screen) {
  for (const item of [...layers]) drop(item, 0);
  push(screen);
}

/** The key of the screen on top, e.g. "chat:wx123". */
export const topKey = () => layers.at(-1)?.screen.key;

/** Whether a screen with this key is open; if so everything above it is closed. */
export function returnTo(key) {
  const at = layers.findIndex((item) => item.screen.key === key);
  if (at < 0) return false;
  if (at < layers.length - 1) pop(at + 1);
  return true;
}

function drop(item, delay) {
  const at = layers.indexOf(item);
  if (at >= 0) layers.splice(at, 1);
  retire(item.layer);
  // At once, while it still slides away: a chat that is being left reads no more messages.
  item.screen.destroy?.();
  if (delay) setTimeout(() => item.layer.remove(), delay);
  else item.layer.remove();
}

function settle() {
  layers.forEach((item, i) => {
    item.layer.inert = i < layers.length - 1;
  });
  const top = layers.at(-1);
  document.getElementById("glass").classList.toggle("dark", Boolean(top?.screen.dark));
  top?.screen.shown?.();
}
