// Who am I: choose a shopper or make a new one. Choosing loads the page again, so that the web view starts
// with a clean jar of cookies.

import { api } from "../api.js";
import { faceOf } from "../avatar.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { attempt } from "../overlays.js";
import { navBar } from "../parts.js";
import { state } from "../state.js";
import { t } from "../text.js";

/** Becomes a shopper: `open` is a page to open at once. */
export function become(shopperId, open) {
  const url = new URL(location.href);
  url.searchParams.set("shopper", shopperId);
  url.searchParams.delete("open");
  if (open) url.searchParams.set("open", open);
  localStorage.setItem("phone.shopper", shopperId);
  location.assign(url);
}

/** The screen; the first one of a phone that has no shopper yet. */
export function whoScreen() {
  const current = state.shopper?.shopper_id;
  const name = h("input", {
    class: "field", testid: "new-nickname", maxlength: "20", autocomplete: "off",
    placeholder: t("昵称，可留空", "Nickname, may be empty"), "aria-label": t("新购物者的昵称", "Nickname of the new shopper"),
  });
  const create = async (event) => {
    event.preventDefault();
    const made = await attempt(() => api.createShopper(name.value.trim()));
    if (made) become(made.shopper_id);
  };
  const el = h("div", { class: "screen plain who", testid: "who" },
    navBar({ title: current ? t("切换购物者", "Switch shopper") : "", left: current ? "back" : null }),
    h("div", { class: "scroll" },
      !current && h("div", { class: "who-hello" },
        h("h2", null, t("你想做谁？", "Who are you today?")),
        h("p", null, t("每位购物者有自己的微信：自己的会话、关注和零钱。", "Each shopper has a WeChat of their own: chats, follows, balance."))),
      h("form", { class: "who-new", onsubmit: create },
        name,
        h("button", { class: "button", type: "submit", testid: "create-shopper" }, t("新建购物者", "New shopper"))),
      state.shoppers.length > 0 && h("p", { class: "group-title" }, t("沙箱里的购物者", "Shoppers of this sandbox")),
      h("div", { class: "group flush" }, state.shoppers.map((shopper) => personRow(shopper, current)))));
  return { el, key: "who" };
}

function personRow(shopper, current) {
  const here = shopper.shopper_id === current;
  return h("button", {
    class: "row person", testid: "shopper", "data-shopper": shopper.shopper_id, "aria-current": here ? "true" : null,
    onclick: () => become(shopper.shopper_id),
  },
    faceOf(shopper),
    h("span", { class: "row-label" }, shopper.nickname),
    here && icon("tick", "here"));
}
