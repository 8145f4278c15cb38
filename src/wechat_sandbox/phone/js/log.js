// The log on the desk: what WeChat sent to the merchants' servers and what they answered, newest first.

import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { account } from "./state.js";
import { clock, moment, t } from "./text.js";

let drawn = "";
const open = new Set();

const NAMES = {
  subscribe: t("关注", "Follow"), unsubscribe: t("取消关注", "Unfollow"), SCAN: t("扫码", "Scan"), CLICK: t("点菜单", "Menu tap"), VIEW: t("菜单网页", "Menu page"),
  text: t("文字消息", "Text"), TEMPLATESENDJOBFINISH: t("模板消息送达", "Template sent"), view_miniprogram: t("菜单小程序", "Menu mini program"),
  "TRANSACTION.SUCCESS": t("支付成功通知", "Payment"), "REFUND.SUCCESS": t("退款成功通知", "Refund"), "REFUND.ABNORMAL": t("退款异常通知", "Refund failed"), "REFUND.CLOSED": t("退款关闭通知", "Refund closed"),
};

/** Reads and draws the log; draws nothing while nothing changed, so that an opened line stays open. */
export async function drawLog(place) {
  const [pushes, notices] = await Promise.all([api.pushes().catch(() => null), api.notifications().catch(() => null)]);
  // A sandbox without these two has no log to show, and the desk then simply has no such panel.
  if (!pushes && !notices) return;
  const lines = [...(pushes ?? []).map(ofPush), ...(notices ?? []).map(ofNotice)].sort((a, b) => b.at - a.at).slice(0, 40);
  const text = JSON.stringify(lines);
  if (text === drawn) return;
  drawn = text;
  fill(place, h("section", { testid: "desk-log" },
    h("h2", null, t("发给商家的", "Sent to the merchants"), h("small", null, t("事件推送与支付通知", "pushes and notifications"))),
    lines.length
      ? h("ol", { class: "log" }, lines.map(line))
      : h("p", { class: "desk-none" }, t("关注、扫码、说话、支付时，微信向商家服务器发了什么、对方怎么答，都逐条记在这里。", "What WeChat sends to a merchant's server on a follow, a scan, a word or a payment, and how it is answered, is written here."))));
}

function ofPush(push) {
  const at = moment(push.at).getTime();
  return { key: `${push.appid}${push.at}${push.what}`, at, what: push.what, who: account(push.appid).name, state: push.state, attempts: push.attempts, body: push.xml };
}

function ofNotice(notice) {
  const at = moment(notice.attempts[0]?.at ?? notice.next_at).getTime();
  return { key: notice.notice_id, at, what: notice.event_type, who: notice.reference, state: notice.state, attempts: notice.attempts, url: notice.url, body: JSON.stringify(notice.plaintext, null, 2) };
}

function line(entry) {
  const last = entry.attempts.at(-1);
  const tone = entry.state === "accepted" && !last?.error ? "good" : entry.state === "pending" ? "" : "bad";
  const word = last ? (last.status ? String(last.status) : t("未送达", "failed")) : t("发送中", "sending");
  const tries = entry.attempts.length > 1 ? ` ×${entry.attempts.length}` : "";
  const details = h("details", { testid: "log-line", "data-what": entry.what, open: open.has(entry.key), ontoggle: () => (details.open ? open.add(entry.key) : open.delete(entry.key)) },
    h("summary", null,
      h("time", null, clock(new Date(entry.at))),
      h("b", null, NAMES[entry.what] ?? entry.what, h("small", null, entry.who)),
      h("span", { class: `status ${tone}` }, word + tries)),
    h("p", { class: "log-url" }, entry.what, entry.url && ` → ${entry.url}`),
    h("pre", null, pretty(entry.body)),
    entry.attempts.filter((a) => a.error).map((a) => h("pre", { class: "log-error" }, a.error)));
  return h("li", null, details);
}

/** One element of WeChat's flat XML per line. */
function pretty(text) {
  return String(text).replace(/></g, ">\n<");
}
