// A framed page: an iframe with the bridge behind it, opened as this shopper; it waits while another phone of the
// desk has the jar of cookies.

import { webviewUrl } from "./api.js";
import { connect } from "./bridge.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { apart, claim, onClaim } from "./jar.js";
import { state } from "./state.js";
import { t } from "./text.js";

/** Runs pages in `place` for a view (see bridge.js); `name` marks a mini program's frame. */
export function pageFrame(place, view, { name = "", testid = "web-frame", label, onload } = {}) {
  let bridge = null;
  let shown = "";
  const me = state.shopper.shopper_id;

  const load = (url) => {
    bridge?.end();
    shown = url;
    const taken = claim(me);
    const frame = document.createElement("iframe");
    frame.setAttribute("credentialless", "");
    frame.setAttribute("allow", "clipboard-write; geolocation; fullscreen");
    if (name) frame.name = name;
    frame.dataset.testid = testid;
    frame.title = label;
    frame.addEventListener("load", () => onload?.());
    // A mini program starts without cookies: it knows its shopper by wx.login alone.
    frame.src = webviewUrl(me, url, taken || (Boolean(name) && apart));
    bridge = connect(frame, view);
    fill(place, frame);
  };
  const pause = (owner) => {
    if (owner === me || name || !bridge) return;
    bridge.end();
    bridge = null;
    const again = h("button", { class: "button", testid: "web-resume", onclick: () => load(view.url || shown) }, t("继续浏览", "Go on"));
    fill(place, h("div", { class: "empty" }, icon("window"), h("b", null, t("另一部手机在用网页", "Another phone is using web pages")),
      h("p", null, t("一张桌面上的手机共用一份 Cookie，轮流使用才分得清是谁。", "The phones of one desk share a cookie jar and take turns, so that a mall knows who is who.")), again));
  };
  const off = onClaim(pause);
  return {
    load,
    emit: (event, params) => bridge?.emit(event, params),
    end: () => {
      off();
      bridge?.end();
    },
  };
}
