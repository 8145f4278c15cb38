// Pictures of shoppers (drawn by the server, so that a mall shows the same face) and of accounts (first character).

import { h } from "./dom.js";
import { tint } from "./state.js";

/** A shopper's picture; the first character of the nickname where it cannot be had. */
export function faceOf(shopper, cls = "") {
  const box = h("span", { class: `face ${cls}` });
  const letter = () => box.replaceChildren(badgeOf({ name: shopper.nickname, color: tint(shopper.shopper_id) }, cls));
  if (shopper.avatar_url) box.append(h("img", { src: ownAddress(shopper.avatar_url), alt: "", draggable: "false", onerror: letter }));
  else letter();
  return box;
}

/** The sandbox names itself by its configured address; we may have come by another (localhost, a tunnel). */
function ownAddress(url) {
  const at = url.indexOf("/_sandbox/");
  return at > 0 ? url.slice(at) : url;
}

/** An official account's picture. */
export function badgeOf(account, cls = "") {
  const first = [...(account.name || "?")][0];
  return h("span", { class: `face badge-face ${cls}`, style: { background: account.color } }, h("b", null, first));
}

/** The picture of a chat: a friend's face, or up to nine small ones of a group's members. */
export function groupFace(members, cls = "") {
  if (members.length === 1) return faceOf(members[0], cls);
  return h("span", { class: `face group-face n${members.length > 4 ? 3 : 2} ${cls}` }, members.slice(0, 9).map((one) => faceOf(one, "part")));
}
