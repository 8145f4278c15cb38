// How each kind of message looks in a chat.

import { badgeOf, faceOf } from "../avatar.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { articlesOf, pieces, templateOf, timeOf } from "../messages.js";
import { state } from "../state.js";
import { moment, t, when } from "../text.js";
import { openMini } from "./mini.js";
import { openWeb } from "./webview.js";

const PAUSE_MS = 5 * 60 * 1000;

/** All messages of a chat with the times between them. `who` is the account, `say(text)` sends as the shopper. */
export function conversation(messages, who, say) {
  const nodes = [];
  let before = 0;
  for (const message of messages) {
    const at = moment(timeOf(message)).getTime();
    if (at - before > PAUSE_MS) nodes.push(h("div", { class: "chat-time" }, when(timeOf(message), true)));
    before = at;
    nodes.push(messageNode(message, who, say));
  }
  return nodes;
}

function messageNode(message, who, say) {
  const draw = { text: textBubble, msgmenu: menuBubble, news: newsCard, template: templateCard, subscribe_message: templateCard, miniprogram: miniBubble, location: placeBubble, voice: fileBubble, video: fileBubble, mpnews: newsCard, event: eventLine, notice: eventLine, image: imageBubble }[message.kind] ?? unknownBubble;
  return draw(message, who, say);
}

const mine = (message) => message.from === "shopper";

/** A line with the sender's picture beside it. */
function beside(message, who, content) {
  return h("div", { class: `line ${mine(message) ? "mine" : ""}`, testid: "message", "data-kind": message.kind, "data-from": message.from },
    mine(message) ? faceOf(state.shopper, "chat") : badgeOf(who, "chat"), content);
}

function textBubble(message, who, say) {
  return beside(message, who, h("div", { class: "bubble", testid: "bubble" }, linked(message.content ?? message.text ?? "", say)));
}

function linked(text, say) {
  return pieces(String(text)).map((piece) => {
    if (typeof piece === "string") return piece;
    if (/^https?:/i.test(piece.href)) {
      return h("button", { class: "text-link", testid: "text-link", onclick: () => openWeb(piece.href) }, piece.label);
    }
    const choice = /^weixin:\/\/bizmsgmenu\?.*msgmenucontent=([^&]*)/i.exec(piece.href);
    if (choice) return h("button", { class: "text-link", testid: "text-link", onclick: () => say(decodeURIComponent(choice[1])) }, piece.label);
    return piece.label;
  });
}

function menuBubble(message, who, say) {
  const menu = message.msgmenu ?? message;
  return beside(message, who, h("div", { class: "bubble", testid: "bubble" },
    menu.head_content, (menu.list ?? []).map((item) => h("div", null, h("button", { class: "text-link", onclick: () => say(item.content) }, item.content))),
    menu.tail_content));
}

function newsCard(message) {
  const [head, ...rest] = articlesOf(message);
  // A small square picture stands beside the words, a large one above them, as in WeChat's own list.
  const shape = (e) => e.target.closest(".news-head")?.classList.toggle("square", e.target.naturalWidth < e.target.naturalHeight * 1.3 && rest.length === 0);
  const picture = (article, cls) => h("span", { class: `cover ${cls}` },
    article.picture ? h("img", { src: article.picture, alt: "", loading: "lazy", onload: shape, onerror: (e) => e.target.remove() }) : icon("image"));
  return h("div", { class: "card news", testid: "message", "data-kind": "news", "data-from": message.from },
    h("button", { class: "news-head", testid: "news-item", onclick: () => open(head.url) },
      head.picture && picture(head, "wide"),
      h("b", null, head.title),
      head.text && rest.length === 0 && h("span", { class: "news-text" }, head.text)),
    rest.map((article) => h("button", { class: "news-more", testid: "news-item", onclick: () => open(article.url) },
      h("span", null, article.title), picture(article, "small"))));
}

function templateCard(message, who) {
  const { first, remark, rows } = templateOf(message);
  // A subscription's page is an address where an official account sends it, a path where its mini program does.
  const page = /^https?:/i.test(message.page ?? "") ? message.page : message.url;
  const mini = message.miniprogram?.appid ? message.miniprogram : null;
  const target = page || mini;
  const go = () => (page ? openWeb(page) : openMini(mini));
  return h("div", { class: "card template", testid: "message", "data-kind": message.kind, "data-from": message.from },
    h("div", { class: "template-who" }, badgeOf(who, "tiny"), h("span", null, who.name)),
    h("div", { class: "template-body" },
      h("h3", null, message.title ?? t("服务通知", "Notice")),
      h("p", { class: "template-day" }, when(timeOf(message), true)),
      first && h("p", null, first),
      h("dl", { class: "pairs" }, rows.map((row) => h("div", { class: "pair" }, h("dt", null, row.label), h("dd", { style: row.color ? { color: row.color } : null }, row.value)))),
      remark && h("p", null, remark)),
    target && h("button", { class: "template-go", testid: "template-open", onclick: go }, h("span", null, t("查看详情", "Details")), icon("next")));
}

function miniBubble(message, who) {
  const card = message.miniprogram ?? message.miniprogrampage ?? message;
  return beside(message, who, h("button", { class: "mini-card", testid: "mini-card", onclick: () => openMini(card) },
    h("span", { class: "mini-who" }, icon("mini"), card.name ?? who.name),
    h("b", null, card.title ?? ""),
    h("span", { class: "cover mini" }, card.thumb_url ? h("img", { src: card.thumb_url, alt: "" }) : icon("image")),
    h("span", { class: "mini-foot" }, icon("mini"), t("小程序", "Mini program"))));
}

function imageBubble(message, who) {
  const url = message.url ?? message.pic_url ?? message.picurl;
  return beside(message, who, url ? h("img", { class: "photo", src: url, alt: t("图片", "Picture") }) : h("div", { class: "bubble" }, `[${t("图片", "Picture")}]`));
}

function placeBubble(message, who) {
  return beside(message, who, h("div", { class: "bubble place" }, icon("pin"), h("span", null, message.label || t("位置", "Place"), h("small", null, `${message.latitude}, ${message.longitude}`))));
}

function fileBubble(message, who) {
  const voice = message.kind === "voice";
  return beside(message, who, h("div", { class: "bubble place" }, icon(voice ? "comment" : "camera"), voice ? t("语音", "Voice") : message.title || t("视频", "Video")));
}

function unknownBubble(message, who) {
  return beside(message, who, h("div", { class: "bubble faint" }, `[${message.kind}] `, message.content ?? message.text ?? ""));
}

const EVENTS = {
  subscribe: t("你已关注该公众号", "You follow this account"),
  unsubscribe: t("你已取消关注", "You no longer follow this account"),
  SCAN: t("你扫描了二维码", "You scanned a code"),
  CLICK: t("你点击了菜单", "You tapped the menu"),
  VIEW: t("你打开了菜单里的网页", "You opened a page from the menu"),
};

function eventLine(message) {
  const name = message.event ?? message.name;
  const words = message.text ?? message.content ?? EVENTS[name] ?? name ?? "";
  return h("div", { class: "chat-event", testid: "message", "data-kind": "event", "data-event": name }, words);
}

function open(url) {
  if (/^https?:/i.test(url ?? "")) openWeb(url);
}
