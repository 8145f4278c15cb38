// Where a mini program would open.

import { dialog } from "../overlays.js";
import { account } from "../state.js";
import { t } from "../text.js";
import { openWeb } from "./webview.js";

/** A mini program cannot run here yet: its fallback page opens instead, when it has one. */
export function openMini(card) {
  if (/^https?:/i.test(card?.url ?? "")) return openWeb(card.url);
  const lines = [
    card?.appid && account(card.appid).name,
    card?.pagepath,
    card?.scene && `scene=${card.scene}`,
    "",
    t("沙箱手机还不能运行小程序；真机上会打开上面的页面。", "The sandbox's phone cannot run mini programs yet; a real one would open this page."),
  ];
  return dialog({ title: t("小程序", "Mini program"), text: lines.filter((line) => line != null && line !== false).join("\n"), ok: t("知道了", "OK") });
}
