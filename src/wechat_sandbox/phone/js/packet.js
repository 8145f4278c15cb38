// A red packet: open it once, then see who took what.

import { api } from "./api.js";
import { faceOf } from "./avatar.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { refreshChats } from "./live.js";
import { attempt, halfSheet } from "./overlays.js";
import { state } from "./state.js";
import { clock, moment, t, yuan } from "./text.js";

/** Shows a red packet; the round button opens it. */
export async function packetSheet(packetId) {
  const me = state.shopper.shopper_id;
  const first = await attempt(() => api.packet(me, packetId));
  if (!first) return;
  const own = first.sender.shopper_id === me && first.count === 1;
  await halfSheet((end) => {
    const body = h("div", { class: "packet" });
    const draw = (packet) => {
      const open = packet.state === "open" && !own;
      fill(body,
        h("div", { class: "packet-head" },
          faceOf(packet.sender, "small"), h("p", null, t(`${packet.sender.nickname}的红包`, `From ${packet.sender.nickname}`)),
          h("b", null, packet.greeting),
          open && h("button", { class: "packet-open", testid: "packet-open", "data-first": true, "aria-label": t("开红包", "Open"), onclick: take }, t("開", "Open")),
          packet.mine_fen !== null && h("p", { class: "packet-mine", testid: "packet-mine" }, yuan(packet.mine_fen), h("small", null, t("元", "yuan"))),
          packet.state === "empty" && packet.mine_fen === null && h("p", null, t("手慢了，红包派完了", "All shares are taken")),
          packet.state === "expired" && h("p", null, t("该红包已超过 24 小时", "It has expired"))),
        h("ul", { class: "packet-list" }, packet.shares.map((share) => h("li", null, faceOf(share, "small"), h("span", null, share.nickname, h("time", null, clock(moment(share.at)))), h("b", null, `${yuan(share.amount_fen)} ${t("元", "yuan")}`)))),
        h("button", { class: "button wide grey", testid: "packet-close", onclick: () => end() }, icon("close"), t("关闭", "Close")));
    };
    const take = async () => {
      const packet = await attempt(() => api.openPacket(me, packetId));
      if (packet) draw(packet);
      body.querySelector("button")?.focus();
    };
    draw(first);
    return [body];
  }, { label: t("红包", "Red packet"), testid: "packet-sheet", cls: "packet-half" });
  refreshChats();
}
