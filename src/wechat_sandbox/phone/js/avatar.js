// Generated faces: shoppers get a little portrait, accounts their first character.

import { h, svg } from "./dom.js";
import { hash } from "./state.js";

const GROUNDS = ["#f6d9b8", "#cfe3d4", "#d5dcf0", "#f3cfcf", "#e3d6ee", "#f3e6b3", "#c9e4ea", "#e6dccb"];
const SKINS = ["#f7d3b5", "#f2c6a0", "#e8b48c", "#fbdcc4"];
const HAIRS = ["#2d2622", "#4a332a", "#6b4a35", "#22252b", "#7a5a3c"];
const SHIRTS = ["#5b8c7b", "#c2703d", "#6b7fb5", "#b5657a", "#4f8aa0", "#d8a23a"];
const CUTS = [
  "M17 30c-1-11 5-17 15-17s16 6 15 17c-2-5-5-8-9-9-6 3-14 3-18 2-2 2-3 4-3 7Z",
  "M16 40c-3-16 2-27 16-27s19 11 16 27c-1 3-4 3-4 0 1-8-1-14-5-17-5 4-13 4-16 2-3 4-4 9-3 15 0 3-3 3-4 0Z",
  "M17 29c0-10 6-16 15-16s15 6 15 16c-3-7-9-9-15-9s-12 2-15 9Z",
  "M18 30c-3-6-1-13 4-14 3-5 14-6 18 0 6 1 8 8 6 14-1-4-3-6-5-7-7 1-13 0-17-2-3 2-5 5-6 9Z",
];

/** A shopper's picture: the server's when it has one, our drawing otherwise. */
export function faceOf(shopper, cls = "") {
  const url = shopper.avatar_url;
  if (!url) return h("span", { class: `face ${cls}` }, portrait(shopper));
  const box = h("span", { class: `face ${cls}` });
  const img = h("img", { src: url, alt: "", draggable: "false", onerror: () => box.replaceChildren(portrait(shopper)) });
  box.append(img);
  return box;
}

/** An official account's picture. */
export function badgeOf(account, cls = "") {
  const first = [...(account.name || "?")][0];
  return h("span", { class: `face badge-face ${cls}`, style: { background: account.color } }, h("b", null, first));
}

function portrait(shopper) {
  const n = hash(shopper.shopper_id ?? shopper.nickname ?? "?");
  const pick = (list, shift) => list[(n >>> shift) % list.length];
  return svg("0 0 64 64", `
    <rect width="64" height="64" fill="${pick(GROUNDS, 0)}"/>
    <path d="M10 66c0-13 9-18 22-18s22 5 22 18Z" fill="${pick(SHIRTS, 5)}"/>
    <path d="M27 40h10v9c0 6-10 6-10 0Z" fill="${pick(SKINS, 9)}"/>
    <ellipse cx="32" cy="31" rx="12.5" ry="14" fill="${pick(SKINS, 9)}"/>
    <path d="${pick(CUTS, 13)}" fill="${pick(HAIRS, 17)}"/>
    <circle cx="27.5" cy="32" r="1.5" fill="#2b2523"/><circle cx="36.5" cy="32" r="1.5" fill="#2b2523"/>
    <path d="M28.5 38c1.5 2 5.5 2 7 0" fill="none" stroke="#9c5a48" stroke-width="1.5" stroke-linecap="round"/>`);
}
