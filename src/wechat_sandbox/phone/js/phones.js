// Several phones side by side on a wide screen: each of the others is this page again, in a frame, with a shopper of
// its own. ?beside=ID,ID remembers them.

import { faceOf } from "./avatar.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { faces } from "./people.js";
import { state } from "./state.js";
import { t } from "./text.js";

const MOST = 3;
const PHONE_PX = 438;

const shown = () => (new URL(location.href).searchParams.get("beside") ?? "").split(",").filter(Boolean);

/** How many phones this window has room for. */
export const roomFor = () => Math.max(1, Math.min(MOST, Math.floor((window.innerWidth - 16) / PHONE_PX)));

function remember(ids) {
  const url = new URL(location.href);
  if (ids.length) url.searchParams.set("beside", ids.join(","));
  else url.searchParams.delete("beside");
  history.replaceState(null, "", url);
}

/** Puts another shopper's phone beside this one; where there is no room, in a window of its own. */
export function putBeside(shopperId) {
  const ids = shown().filter((id) => id !== shopperId);
  if (shopperId === state.shopper?.shopper_id) return;
  if (roomFor() < 2) {
    window.open(`/phone/?shopper=${encodeURIComponent(shopperId)}`, `phone-${shopperId}`, "popup,width=414,height=868");
    return;
  }
  remember([...ids, shopperId].slice(-(roomFor() - 1)));
  drawBeside();
}

function takeAway(shopperId) {
  remember(shown().filter((id) => id !== shopperId));
  drawBeside();
}

/** Draws the phones that stand beside; keeps those that stand there already. */
export function drawBeside() {
  const place = document.getElementById("beside");
  const wanted = shown().filter((id) => id !== state.shopper?.shopper_id && state.shoppers.some((one) => one.shopper_id === id)).slice(0, roomFor() - 1);
  for (const node of [...place.children]) if (!wanted.includes(node.dataset.shopper)) node.remove();
  for (const id of wanted) {
    if (place.querySelector(`[data-shopper="${CSS.escape(id)}"]`)) continue;
    const who = state.shoppers.find((one) => one.shopper_id === id);
    place.append(h("div", { class: "device other", testid: "beside-phone", "data-shopper": id },
      h("iframe", { class: "glass", src: `/phone/?shopper=${encodeURIComponent(id)}&beside-of=1`, title: t(`${who.nickname}的手机`, `${who.nickname}'s phone`), testid: "beside-frame", allow: "clipboard-write; geolocation" }),
      h("button", { class: "take-away", testid: "beside-close", "aria-label": t(`收起${who.nickname}的手机`, `Put ${who.nickname}'s phone away`), onclick: () => takeAway(id) }, icon("close"))));
  }
  document.documentElement.dataset.phones = String(place.childElementCount + 1);
}

/** The bar above the phones, for who stands beside. */
export function besideBar() {
  const others = state.shoppers.filter((one) => one.shopper_id !== state.shopper?.shopper_id);
  if (!state.shopper || !others.length) return null;
  const box = faces(others, (one) => h("button", {
    class: "desk-person", testid: "desk-beside", "data-shopper": one.shopper_id, title: t(`把${one.nickname}的手机放在旁边`, `Put ${one.nickname}'s phone beside`), onclick: () => putBeside(one.shopper_id),
  }, h("span", { class: "with-plus" }, faceOf(one), icon("plus")), h("span", null, one.nickname)), "desk-beside-more");
  return h("section", null, h("h2", null, t("再放一部手机", "Another phone"), h("small", null, t("朋友之间转发、聊天", "to share and chat among friends"))), box);
}
