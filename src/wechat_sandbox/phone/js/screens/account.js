// The page of an official account: who it is, follow, unfollow. Also what a scan of its code leads to.

import { api } from "../api.js";
import { badgeOf } from "../avatar.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { refreshChats } from "../live.js";
import { actionSheet, attempt, dialog, toast } from "../overlays.js";
import { navBar } from "../parts.js";
import { account, on, state } from "../state.js";
import { t } from "../text.js";
import { openChat } from "./chat.js";

/** `ticket` is the scanned code's, so that the account learns where the follower came from. */
export function accountScreen(appid, { name, ticket } = {}) {
  const body = h("div", { class: "scroll account" });
  const more = h("button", { class: "nav-button", testid: "account-more", "aria-label": t("更多", "More"), onclick: () => moreMenu(appid, who()) }, icon("more"));
  const who = () => ({ ...account(appid), ...(name && account(appid).name === appid ? { name } : {}) });
  const follow = async () => {
    const done = await attempt(() => api.follow(state.shopper.shopper_id, appid, ticket), t("关注中", "Following"));
    if (done === undefined) return;
    await refreshChats();
    openChat(appid, { home: true });
  };
  const draw = () => {
    const it = who();
    more.hidden = !it.following;
    fill(body,
      h("div", { class: "account-head" },
        badgeOf(it, "large"),
        h("h2", { testid: "account-name" }, it.name),
        h("p", null, state.accounts.get(appid)?.original ?? appid)),
      h("div", { class: "account-buttons" },
        it.following
          ? h("button", { class: "button wide", testid: "enter-chat", onclick: () => openChat(appid) }, t("进入公众号", "Go to the chat"))
          : h("button", { class: "button wide", testid: "follow", onclick: follow }, icon("plus"), t("关注公众号", "Follow"))),
      h("dl", { class: "account-facts" },
        h("dt", null, t("类型", "Kind")), h("dd", null, t("服务号", "Service account")),
        h("dt", null, "AppID"), h("dd", null, appid),
        ticket && [h("dt", null, t("来自", "Came by")), h("dd", null, t("扫描带参数的二维码", "a code with a scene"))]));
  };
  const off = on("chats", draw);
  draw();
  return {
    el: h("div", { class: "screen plain", testid: "account", "data-appid": appid }, navBar({ title: "", right: more }), body),
    key: `account:${appid}`, destroy: off,
  };
}

async function moreMenu(appid, who) {
  const choice = await actionSheet([{ key: "unfollow", label: t("不再关注", "Unfollow"), danger: true }], who.name);
  if (choice !== "unfollow") return;
  const sure = await dialog({
    title: t(`不再关注“${who.name}”？`, `Unfollow ${who.name}?`), text: t("之后将不再收到它下发的消息。", "It can no longer write to you."),
    ok: t("不再关注", "Unfollow"), cancel: t("取消", "Cancel"), danger: true,
  });
  if (!sure) return;
  const done = await attempt(() => api.unfollow(state.shopper.shopper_id, appid));
  if (done === undefined) return;
  toast(t("已取消关注", "Unfollowed"), "done");
  refreshChats();
}
