// What a mini program may call besides; answers carry a mini program's errMsg ("requestPayment:fail cancel").

import { api } from "./api.js";
import { consentSheet, phoneSheet } from "./consent.js";
import { pay } from "./pay.js";
import { openMini } from "./screens/mini.js";
import { scanForText } from "./screens/scan.js";
import { state } from "./state.js";
import { confirmTransfer } from "./transfer.js";

const me = () => state.shopper.shopper_id;

export const SHOPPER_METHODS = {
  login: async (params, view) => ({ err_msg: "login:ok", ...(await api.jscode(me(), view.mini.appid, "login")) }),
  checkSession: async () => ({ err_msg: "checkSession:ok" }),
  requestPayment: async ({ timeStamp, nonceStr, package: bill, signType, paySign }, view) => {
    // The call names no app: it is the mini program's own.
    const { outcome, message } = await pay({ pay_params: { appId: view.mini.appid, timeStamp, nonceStr, package: bill, signType, paySign } });
    if (outcome === "ok") return { err_msg: "requestPayment:ok" };
    return { err_msg: outcome === "cancel" ? "requestPayment:fail cancel" : `requestPayment:fail ${message ?? ""}`.trim() };
  },
  getPhoneNumber: async (params, view) => {
    if (!(await phoneSheet(view.mini))) return { err_msg: "getPhoneNumber:fail user deny" };
    return { err_msg: "getPhoneNumber:ok", ...(await api.jscode(me(), view.mini.appid, "phone")) };
  },
  requestSubscribeMessage: async ({ tmplIds }, view) => {
    const ids = (Array.isArray(tmplIds) ? tmplIds : []).map(String);
    if (!ids.length) return { err_msg: "requestSubscribeMessage:fail can't be empty", errCode: 20001 };
    if (ids.length > 3) return { err_msg: "requestSubscribeMessage:fail tmplIds is over 3", errCode: 20003 };
    return { ...(await consentSheet(view.mini, ids)), err_msg: "requestSubscribeMessage:ok" };
  },
  scanCode: async () => {
    const content = await scanForText();
    if (content === null) return { err_msg: "scanCode:fail cancel" };
    return { err_msg: "scanCode:ok", result: content, scanType: "QR_CODE", charSet: "utf-8", path: "" };
  },
  navigateBack: async (params, view) => {
    if (!view.goBack()) view.close();
    return { err_msg: "navigateBack:ok" };
  },
  exitMiniProgram: async (params, view) => {
    view.close();
    return { err_msg: "exitMiniProgram:ok" };
  },
  setNavigationBarTitle: async ({ title }, view) => {
    view.titled(title);
    return { err_msg: "setNavigationBarTitle:ok" };
  },
  navigateToMiniProgram: async ({ appId, path }) => {
    openMini({ appid: appId, path });
    return { err_msg: "navigateToMiniProgram:ok" };
  },
  requestMerchantTransfer: async (params) => {
    const outcome = await confirmTransfer(params);
    return { err_msg: `requestMerchantTransfer:${outcome}` };
  },
};
