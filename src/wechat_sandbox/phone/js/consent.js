// What a mini program has to ask for: messages to send, the phone number.

import { badgeOf } from "./avatar.js";
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { attempt, halfSheet } from "./overlays.js";
import { account, state } from "./state.js";
import { t } from "./text.js";

const rememberedKey = (appid) => `phone.subscribe.${state.shopper.shopper_id}.${appid}`;

function remembered(appid) {
  try {
    return JSON.parse(localStorage.getItem(rememberedKey(appid)) ?? "{}");
  } catch {
    return {};
  }
}

function head(mini) {
  return h("div", { class: "ask-head" }, badgeOf(account(mini.appid), "tiny"), h("span", null, mini.name));
}

/** The sheet of wx.requestSubscribeMessage; answers {template_id: "accept"|"reject"|"ban"}. */
export async function consentSheet(mini, ids) {
  const kept = remembered(mini.appid);
  const me = state.shopper.shopper_id;
  const send = (answers) => api.subscribe(me, { appid: mini.appid, template_ids: ids, accept: false, answers });
  if (ids.every((id) => id in kept)) return said(await send(Object.fromEntries(ids.map((id) => [id, kept[id]]))));
  const known = await api.templates(mini.appid).catch(() => []);
  const titleOf = (id) => known.find((one) => one.template_id === id)?.title ?? id;
  const boxes = ids.map((id) => h("input", { type: "checkbox", checked: true, testid: "subscribe-choice", "data-template": id, "aria-label": titleOf(id) }));
  const always = h("input", { type: "checkbox", testid: "subscribe-always" });
  const answer = await halfSheet((end) => [
    head(mini),
    h("h2", null, t("申请发送一次以下消息", "Asks to send you each of these once")),
    h("div", { class: "ask-list" }, ids.map((id, at) => h("label", { class: "ask-row" }, h("span", null, titleOf(id)), boxes[at]))),
    h("label", { class: "ask-always" }, always, t("总是保持以上选择，不再询问", "Always keep these choices")),
    h("div", { class: "ask-buttons" },
      h("button", { class: "button grey", testid: "subscribe-reject", onclick: () => end("reject") }, t("取消", "Not now")),
      h("button", { class: "button", testid: "subscribe-allow", "data-first": true, onclick: () => end("allow") }, t("允许", "Allow"))),
  ], { label: t("订阅消息", "Messages"), testid: "subscribe-sheet" });
  const answers = Object.fromEntries(ids.map((id, at) => [id, answer === "allow" && boxes[at].checked]));
  if (always.checked && answer) localStorage.setItem(rememberedKey(mini.appid), JSON.stringify({ ...kept, ...answers }));
  return said(await send(answers));
}

const said = ({ errMsg, ...answers }) => answers;

/** The sheet of the phone-number button; answers whether the number may be told. */
export async function phoneSheet(mini) {
  const { phone } = await api.shopper(state.shopper.shopper_id);
  const yes = await halfSheet((end) => [
    head(mini),
    h("h2", null, t("申请获取并验证你的手机号", "Asks for your phone number")),
    h("div", { class: "ask-list" }, h("p", { class: "ask-row" }, h("span", null, phone), h("small", null, t("微信绑定号码", "bound to WeChat")), icon("tick", "green"))),
    h("div", { class: "ask-buttons" },
      h("button", { class: "button grey", testid: "phone-reject", onclick: () => end(false) }, t("不允许", "Deny")),
      h("button", { class: "button", testid: "phone-allow", "data-first": true, onclick: () => end(true) }, t("允许", "Allow"))),
  ], { label: t("手机号", "Phone number"), testid: "phone-sheet" });
  return Boolean(yes);
}

/** The settings of a mini program's messages: how many of each may still come, and the switch that ends them. */
export async function grantsSheet(mini) {
  const me = state.shopper.shopper_id;
  const [grants, known] = await Promise.all([attempt(() => api.subscriptions(me)), api.templates(mini.appid).catch(() => [])]);
  if (!grants) return;
  const mine = grants.filter((one) => one.appid === mini.appid);
  const titleOf = (id) => known.find((one) => one.template_id === id)?.title ?? id;
  const row = (grant) => {
    const note = h("small", { testid: "grant-note" });
    const tell = () => fill(note, grant.banned ? t("已关闭", "Off") : t(`还可发送 ${grant.left} 条`, `${grant.left} may still come`));
    const change = async (event) => {
      const banned = !event.target.checked;
      const kept = remembered(mini.appid);
      delete kept[grant.template_id];
      localStorage.setItem(rememberedKey(mini.appid), JSON.stringify(kept));
      if (await attempt(() => api.banTemplate(me, { appid: mini.appid, template_id: grant.template_id, banned })) === undefined) event.target.checked = !banned;
      else Object.assign(grant, { banned, left: banned ? 0 : grant.left });
      tell();
    };
    tell();
    return h("label", { class: "ask-row" }, h("span", null, titleOf(grant.template_id), note),
      h("input", { type: "checkbox", checked: !grant.banned, testid: "grant", "data-template": grant.template_id, "aria-label": titleOf(grant.template_id), onchange: change }));
  };
  await halfSheet((end) => [
    head(mini),
    h("h2", null, t("订阅消息", "Messages")),
    mine.length ? h("div", { class: "ask-list" }, mine.map(row)) : h("p", { class: "ask-none" }, t("还没有同意过它发送消息。", "It has not been allowed any message yet.")),
    h("button", { class: "button wide grey", testid: "grants-close", onclick: () => end() }, t("关闭", "Close")),
  ], { label: t("订阅消息", "Messages"), testid: "grants-sheet" });
}
