// Words, money and times as the phone shows them: Chinese first, English by ?lang=en or the switch.

const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("phone.lang");

/** "zh" or "en". */
export const lang = asked === "en" ? "en" : "zh";

/** Chooses the words in the reader's language. */
export const t = (zh, en) => (lang === "en" ? en : zh);

/** Remembers the language and loads the page again. */
export function switchLanguage() {
  localStorage.setItem("phone.lang", lang === "en" ? "zh" : "en");
  const url = new URL(location.href);
  url.searchParams.delete("lang");
  location.assign(url);
}

/** Fen to yuan with two decimals, e.g. 12345 -> "123.45". */
export function yuan(fen) {
  const n = Math.abs(Math.round(Number(fen) || 0));
  return `${fen < 0 ? "-" : ""}${Math.floor(n / 100)}.${String(n % 100).padStart(2, "0")}`;
}

let ahead = 0;

/** The sandbox's time, which may have been moved ahead of the browser's. */
export const now = () => new Date(Date.now() + ahead);

/** Says by how many seconds the sandbox's clock was moved. */
export function setAhead(seconds) {
  ahead = seconds * 1000;
}

/** A Date from RFC 3339 text, seconds or milliseconds; now when there is none. */
export function moment(at) {
  if (typeof at === "number") return new Date(at < 1e11 ? at * 1000 : at);
  const date = at ? new Date(at) : now();
  return Number.isNaN(date.getTime()) ? now() : date;
}

const WEEK = t("日一二三四五六", "SMTWTFS");
const WEEK_EN = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const two = (n) => String(n).padStart(2, "0");

/** HH:MM. */
export const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;

/** How the chats list writes a time: today 9:41, yesterday, a weekday, or a date; `long` adds the clock. */
export function when(at, long = false) {
  const date = moment(at);
  const days = Math.round((midnight(now()) - midnight(date)) / 86400000);
  const tail = long ? ` ${clock(date)}` : "";
  if (days <= 0) return clock(date);
  if (days === 1) return t("昨天", "Yesterday") + tail;
  if (days < 7) return (lang === "en" ? WEEK_EN[date.getDay()] : `星期${WEEK[date.getDay()]}`) + tail;
  return t(`${date.getMonth() + 1}月${date.getDate()}日`, `${date.getMonth() + 1}/${date.getDate()}`) + tail;
}

/** YYYY-MM-DD HH:MM:SS, for receipts. */
export function stamp(at) {
  const d = moment(at);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
