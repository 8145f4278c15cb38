// One shape for every message, whatever the server adds to it later.

import { t } from "./text.js";

const BRACKETS = {
  news: t("图文", "Article"), template: t("服务通知", "Notice"), miniprogram: t("小程序", "Mini program"), subscribe_message: "", link: t("链接", "Link"), mini: t("小程序", "Mini program"), red_packet: t("红包", "Red packet"), image: t("图片", "Picture"), voice: t("语音", "Voice"), video: t("视频", "Video"), mpnews: t("图文", "Article"),
};

/** The line under a chat's name. `last` is a message, its text, or null. */
export function lastLine(last) {
  if (!last) return "";
  if (typeof last === "string") return plain(last);
  const words = last.card?.title ?? last.greeting ?? last.text ?? last.content ?? last.title ?? last.articles?.[0]?.title ?? last.head_content ?? gist(last);
  const tag = BRACKETS[last.kind];
  return (tag ? `[${tag}] ` : "") + plain(words);
}

/** The first words of a template message. */
function gist(message) {
  const { first, rows } = templateOf(message);
  return first || rows[0]?.value || "";
}

/** Text without the links' markup. */
export function plain(text) {
  return String(text).replace(/<a\s[^>]*>(.*?)<\/a>/gis, "$1").replace(/\s+/g, " ").trim();
}

/** Cuts a text into strings and {href, label}: WeChat allows <a href> in it, and shows bare addresses as links. */
export function pieces(text) {
  const found = [];
  const pattern = /<a\s[^>]*?href\s*=\s*["']([^"']*)["'][^>]*>(.*?)<\/a>|(https?:\/\/[^\s<>"'，。；！？、）】」]+)/gis;
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) found.push(text.slice(at, match.index));
    const href = match[1] ?? match[3];
    found.push({ href, label: match[2]?.replace(/<[^>]*>/g, "") || href });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push(text.slice(at));
  return found;
}

/** Articles of a news message. */
export function articlesOf(message) {
  const list = message.articles ?? message.news?.articles ?? [message];
  return list.map((a) => ({ title: a.title ?? "", text: a.description ?? a.digest ?? "", url: a.url, picture: a.picurl ?? a.pic_url ?? a.picture_url }));
}

/** Rows of a template message: {first, remark, rows: [{label, value, color}]}. */
export function templateOf(message) {
  const labels = message.labels ?? message.keywords ?? {};
  const rows = [];
  let first = "";
  let remark = "";
  for (const [key, entry] of Object.entries(message.data ?? {})) {
    const value = String(entry?.value ?? entry ?? "");
    if (key === "first") first = value;
    else if (key === "remark") remark = value;
    else rows.push({ label: entry?.label ?? labels[key] ?? labelOf(key), value, color: entry?.color });
  }
  return { first, remark, rows };
}

// WeChat knows the labels from its template library; a sandbox has only the keys, whose names tell the kind.
const KINDS = {
  keyword: t("内容", "Item"), thing: t("事项", "About"), character_string: t("编号", "Number"), number: t("数量", "Number"),
  amount: t("金额", "Amount"), time: t("时间", "Time"), date: t("日期", "Date"), phrase: t("状态", "State"), name: t("姓名", "Name"),
  phone_number: t("电话", "Phone"), const: t("类型", "Kind"), car_number: t("车牌", "Plate"), letter: t("字母", "Letters"),
};

function labelOf(key) {
  const match = /^(.*?)\.?(\d*)(\.DATA)?$/.exec(key);
  return KINDS[match?.[1]] ?? key;
}

/** Time of a message. */
export const timeOf = (message) => message.at ?? message.created_at ?? message.time;
