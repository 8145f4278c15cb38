// The fourth tab: who I am, my wallet, my identities towards the merchants' apps.

import { api } from "../api.js";
import { faceOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { attempt, toast } from "../overlays.js";
import { empty, navBar, row } from "../parts.js";
import { push } from "../stack.js";
import { account, state } from "../state.js";
import { copy } from "../device.js";
import { lang, switchLanguage, t } from "../text.js";
import { nextTheme, themeName } from "../theme.js";
import { codeScreen } from "./code.js";
import { momentsScreen } from "./moments.js";
import { walletScreen } from "./wallet.js";
import { whoScreen } from "./who.js";

/** The tab. */
export function mePane() {
  const me = state.shopper;
  const el = h("div", { class: "pane" },
    h("div", { class: "scroll" },
      h("div", { class: "me-head" },
        faceOf(me, "large"),
        h("div", null,
          h("h2", { testid: "me-nickname" }, me.nickname),
          h("p", null, `${t("沙箱号", "Sandbox ID")}：${me.shopper_id.slice(0, 12)}`))),
      h("div", { class: "group" },
        row({ lead: icon("wallet", "green"), label: t("服务与钱包", "Pay and wallet"), testid: "me-wallet", onclick: () => push(walletScreen()) }),
        row({ lead: icon("barcode", "green"), label: t("收付款", "Pay at a till"), testid: "me-code", onclick: () => push(codeScreen()) }),
        row({ lead: icon("aperture", "blue"), label: t("朋友圈", "Moments"), testid: "me-moments", onclick: () => push(momentsScreen()) })),
      h("div", { class: "group" },
        row({ lead: icon("key", "blue"), label: t("我的身份", "My identities"), note: "openid", testid: "me-identities", onclick: () => push(identitiesScreen()) }),
        row({ lead: icon("swap", "orange"), label: t("切换购物者", "Switch shopper"), testid: "me-switch", onclick: () => push(whoScreen()) })),
      h("div", { class: "group" },
        row({ lead: icon("language", "blue"), label: t("语言", "Language"), note: lang === "en" ? "English" : "中文", testid: "me-language", onclick: switchLanguage }),
        row({ lead: icon("moon", "blue"), label: t("深色模式", "Dark mode"), note: themeName(), testid: "me-theme", onclick: nextTheme }))));
  return { el };
}

/** openids by app, for who writes the other side; a tap copies. */
function identitiesScreen() {
  const list = h("div", { class: "scroll" });
  const el = h("div", { class: "screen" }, navBar({ title: t("我的身份", "My identities") }), list);
  attempt(() => api.shopper(state.shopper.shopper_id)).then((shopper) => {
    if (!shopper) return;
    const line = (label, value) => h("button", {
      class: "row identity", testid: "identity", onclick: async () => (await copy(value)) && toast(t("已复制", "Copied"), "done"),
    }, h("span", { class: "row-label" }, h("b", null, label), h("code", null, value)), icon("copy", "row-arrow"));
    const identities = shopper.identities ?? [];
    fill(list,
      h("div", { class: "group" }, shopper.unionid && line("unionid", shopper.unionid), line("shopper_id", shopper.shopper_id)),
      identities.length > 0
        ? [h("p", { class: "group-title" }, t("在每个应用里的 openid", "openid in each app")),
          h("div", { class: "group flush" }, identities.map((i) => line(account(i.appid).name, i.openid)))]
        : empty("key", t("还没有 openid", "No openid yet"), t("关注公众号或打开商城后就有了。", "It comes with a follow or a visit to the mall.")));
  });
  return { el, key: "identities" };
}
