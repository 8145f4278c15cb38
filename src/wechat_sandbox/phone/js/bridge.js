// The phone's end of the bridge that jweixin.js builds in a page. A page asks {sandbox: 1, id, method, params} and is
// answered {sandbox: 1, id, result}; `result.err_msg` is what WeixinJSBridge gives. The names are the native ones:
// `wx` in the page translates (chooseWXPay -> getBrandWCPayRequest, config -> preVerifyJSAPI, ...).

import { api } from "./api.js";
import { h } from "./dom.js";
import { dialog, overlay, toast } from "./overlays.js";
import { pay } from "./pay.js";
import { actOn, scanForText } from "./screens/scan.js";
import { SHOPPER_METHODS } from "./mini-bridge.js";
import { state } from "./state.js";
import { t } from "./text.js";

const PAY_FIELDS = ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"];
const OFFLINE = "fail_the permission value is offline verifying";

// Needs no config in WeChat either: these work before and without it.
const FREE = new Set(["hello", "title", "location", "notice", "preVerifyJSAPI", "checkJsApi", "shareCard"]);

const ADDRESS = {
  proviceFirstStageName: "上海市", addressCitySecondStageName: "上海市", addressCountiesThirdStageName: "徐汇区",
  addressDetailInfo: "漕溪北路 88 号 12 楼", addressPostalCode: "200030", nationalCode: "310104",
};

/** What a page may call; each answers its result. `page` is the open document, `view` the web view around it. */
const METHODS = {
  hello: async (params, page, view) => {
    page.reset();
    view.arrived(params);
    return { err_msg: "hello:ok", shopper_id: state.shopper.shopper_id };
  },
  title: async ({ title }, page, view) => {
    view.titled(title);
    return ok("title");
  },
  location: async (params, page, view) => {
    view.moved(params);
    return ok("location");
  },
  shareCard: async (params, page, view) => {
    view.shareTold?.(params);
    return ok("shareCard");
  },
  notice: async ({ text }) => {
    toast(String(text).slice(0, 300), "plain", 4);
    return ok("notice");
  },
  preVerifyJSAPI: async (params, page) => {
    const verdict = await verify(params, page.origin);
    page.allowed = verdict === "ok" ? new Set(params.verifyJsApiList ?? []) : null;
    return { err_msg: `preVerifyJSAPI:${verdict}` };
  },
  checkJsApi: async ({ jsApiList }) => ({
    err_msg: "checkJsApi:ok",
    checkResult: Object.fromEntries((jsApiList ?? []).map((name) => [name, name in METHODS])),
  }),
  getBrandWCPayRequest: async (params) => {
    const name = "get_brand_wcpay_request";
    const fields = Object.fromEntries(PAY_FIELDS.filter((key) => params[key] != null).map((key) => [key, String(params[key])]));
    const { outcome, message } = await pay({ pay_params: fields });
    return message ? { err_msg: `${name}:${outcome}`, err_desc: message } : { err_msg: `${name}:${outcome}` };
  },
  updateAppMessageShareData: async (params, page, view) => share(params, page, view, "updateAppMessageShareData"),
  updateTimelineShareData: async (params, page, view) => share(params, page, view, "updateTimelineShareData", "timeline"),
  hideOptionMenu: async (params, page, view) => options(page, view, "hideOptionMenu", { hidden: true }),
  showOptionMenu: async (params, page, view) => options(page, view, "showOptionMenu", { hidden: false }),
  hideMenuItems: async ({ menuList }, page, view) => options(page, view, "hideMenuItems", { without: new Set([...page.menu.without, ...(menuList ?? [])]) }),
  showMenuItems: async ({ menuList }, page, view) => options(page, view, "showMenuItems", { without: new Set([...page.menu.without].filter((x) => !menuList?.includes(x))) }),
  hideAllNonBaseMenuItem: async (params, page, view) => options(page, view, "hideAllNonBaseMenuItem", { baseOnly: true }),
  showAllNonBaseMenuItem: async (params, page, view) => options(page, view, "showAllNonBaseMenuItem", { baseOnly: false, without: new Set() }),
  closeWindow: async (params, page, view) => {
    view.close();
    return ok("close_window");
  },
  scanQRCode: async ({ needResult }) => {
    const content = await scanForText();
    if (content === null) return { err_msg: "scanQRCode:cancel" };
    if (Number(needResult) === 1) return { err_msg: "scanQRCode:ok", resultStr: content };
    actOn(content);
    return ok("scanQRCode");
  },
  geoLocation: async () => ({ err_msg: "geoLocation:ok", latitude: 31.19435, longitude: 121.43762, speed: 0, accuracy: 30 }),
  getNetworkType: async () => ({ err_msg: "network_type:wifi" }),
  openLocation: async ({ name, address }) => {
    await dialog({ title: name || t("位置", "Place"), text: address || "", ok: t("知道了", "OK") });
    return ok("openLocation");
  },
  imagePreview: async ({ current, urls }) => {
    preview(current ?? urls?.[0]);
    return ok("imagePreview");
  },
  editAddress: async () => {
    const yes = await dialog({
      title: t("使用我的收货地址？", "Use my address?"), ok: t("使用", "Use"), cancel: t("取消", "Cancel"),
      text: `${state.shopper.nickname} 13800138000\n${ADDRESS.addressCitySecondStageName}${ADDRESS.addressCountiesThirdStageName}${ADDRESS.addressDetailInfo}`,
    });
    if (!yes) return { err_msg: "edit_address:cancel" };
    return { err_msg: "edit_address:ok", userName: state.shopper.nickname, telNumber: "13800138000", ...ADDRESS };
  },
};

/** Listens to the page in `frame`; answers {emit(event, params), end()}. */
export function connect(frame, view) {
  const page = {
    origin: "", allowed: null, menu: null,
    reset() {
      this.allowed = null;
      this.menu = { hidden: false, baseOnly: false, without: new Set(), share: null, timeline: null };
    },
  };
  page.reset();
  const listen = async (event) => {
    const { data } = event;
    if (event.source !== frame.contentWindow || data?.sandbox !== 1 || typeof data.method !== "string") return;
    page.origin = event.origin;
    const result = await answer(data.method, data.params ?? {}, page, view);
    frame.contentWindow?.postMessage({ sandbox: 1, id: data.id, result }, event.origin === "null" ? "*" : event.origin);
  };
  window.addEventListener("message", listen);
  return {
    emit: (event, params) => frame.contentWindow?.postMessage({ sandbox: 1, event, params }, page.origin && page.origin !== "null" ? page.origin : "*"),
    end: () => window.removeEventListener("message", listen),
  };
}

async function answer(name, params, page, view) {
  if (Object.hasOwn(SHOPPER_METHODS, name) && (view.mini || name === "requestMerchantTransfer")) {
    try {
      return await SHOPPER_METHODS[name](params, view);
    } catch (error) {
      return { err_msg: `${name}:fail ${error.message ?? error}` };
    }
  }
  if (!Object.hasOwn(METHODS, name)) return { err_msg: `${name}:function_not_exist` };
  // Calls through `wx` carry the signed config and are bound to its list; WeixinJSBridge's own are not.
  const throughWx = "verifyAppId" in params;
  if (throughWx && !FREE.has(name) && !page.allowed?.has(name)) return { err_msg: `${name}:${OFFLINE}` };
  try {
    return await METHODS[name](params, page, view);
  } catch (error) {
    return { err_msg: `${name}:fail`, err_desc: String(error.message ?? error) };
  }
}

/** "ok" or WeChat's words for what is wrong with a page's wx.config. */
async function verify(params, origin) {
  const url = String(params.url ?? "");
  if (!url.startsWith(`${origin}/`)) return "invalid url domain";
  try {
    const said = await api.checkConfig({
      appId: String(params.verifyAppId ?? ""), timestamp: String(params.verifyTimestamp ?? ""),
      nonceStr: String(params.verifyNonceStr ?? ""), signature: String(params.verifySignature ?? ""), url,
    });
    return said.ok ? "ok" : String(said.err_msg).replace(/^config:(fail,)?\s*/, "");
  } catch (error) {
    return `fail_${error.message}`;
  }
}

const ok = (name) => ({ err_msg: `${name}:ok` });

function share({ title, desc, link, imgUrl }, page, view, name, to = "share") {
  page.menu[to] = { title, desc, link, imgUrl };
  return options(page, view, name, {});
}

function options(page, view, name, change) {
  Object.assign(page.menu, change);
  view.menuChanged(page.menu);
  return ok(name);
}

function preview(url) {
  if (!/^(https?:|data:image\/)/i.test(url ?? "")) return;
  const layer = overlay(
    h("button", { class: "preview", testid: "preview", "aria-label": t("关闭图片", "Close the picture"), onclick: () => layer.close() }, h("img", { src: url, alt: "" })),
    { cls: "full", onescape: () => layer.close() });
}
