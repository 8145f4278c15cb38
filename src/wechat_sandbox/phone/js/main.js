// Starts the phone: finds out whose it is, then shows the chats.

import { api } from "./api.js";
import { startDesk } from "./desk.js";
import { runClock } from "./device.js";
import { h } from "./dom.js";
import { refreshChats, startLive } from "./live.js";
import { escapeOverlay, toast } from "./overlays.js";
import { empty } from "./parts.js";
import { openChat } from "./screens/chat.js";
import { openService } from "./screens/service.js";
import { openTalk } from "./screens/talk.js";
import { openEmployee } from "./screens/employee.js";
import { homeScreen } from "./screens/home.js";
import { openWeb } from "./screens/webview.js";
import { whoScreen } from "./screens/who.js";
import { back, reset } from "./stack.js";
import { loadAccounts, on, state } from "./state.js";
import { lang, t } from "./text.js";
import { beside, startTheme } from "./theme.js";

document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
document.title = t("微信沙箱手机", "WeChat sandbox phone");
runClock(document.getElementById("clock"));
startTheme();

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (!escapeOverlay()) back();
});
on("open-chat", (key) => {
  const [kind, id] = key.split(":");
  if (kind === "chat") openChat(id);
  else if (kind === "talk") openTalk(id);
  else if (kind === "corp") openEmployee(id);
  else openService();
});

start();

async function start() {
  try {
    [state.shoppers] = await Promise.all([api.shoppers(), loadAccounts().catch(() => {})]);
  } catch (error) {
    reset(unreachable(error.message));
    return;
  }
  if (movedHome(state.shoppers[0])) return;
  const url = new URL(location.href);
  const asked = url.searchParams.get("shopper");
  const wanted = asked ?? localStorage.getItem("phone.shopper");
  state.shopper = state.shoppers.find((shopper) => shopper.shopper_id === wanted) ?? null;
  if (!state.shopper && asked) state.shopper = await api.shopper(asked).catch(() => null);
  if (!state.shopper) {
    reset(whoScreen());
    if (asked) toast(t("没有这位购物者", "There is no such shopper"));
    startDesk();
    return;
  }
  begin(url);
}

/**
 * Cookies are per host name: the OAuth page at 127.0.0.1 would not know the shopper of a phone at localhost. The
 * sandbox's own address shows in the pictures that it serves.
 */
function movedHome(shopper) {
  if (!["localhost", "[::1]"].includes(location.hostname) || !shopper?.avatar_url) return false;
  const home = new URL(shopper.avatar_url, location.href);
  if (home.hostname !== "127.0.0.1") return false;
  location.replace(home.origin + location.pathname + location.search);
  return true;
}

async function begin(url) {
  const open = url.searchParams.get("open");
  url.searchParams.set("shopper", state.shopper.shopper_id);
  url.searchParams.delete("open");
  history.replaceState(null, "", url);
  if (!beside) localStorage.setItem("phone.shopper", state.shopper.shopper_id);
  await refreshChats();
  reset(homeScreen());
  startLive();
  startDesk();
  if (open) openWeb(open);
}

function unreachable(reason) {
  const again = h("button", { class: "button", testid: "retry", onclick: () => location.reload() }, t("再试一次", "Try again"));
  return { el: h("div", { class: "screen plain" }, h("div", { class: "scroll" }, empty("globe", t("连接不上沙箱", "The sandbox does not answer"), reason, again))), key: "unreachable" };
}
