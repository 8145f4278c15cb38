// The control API of the sandbox; one function per command. See /_sandbox/openapi.json.

/** An answer that was not 2xx. `status` 0 means that the sandbox could not be reached. */
export class ApiError extends Error {
  constructor(status, message, body) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/_sandbox${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "连接不上沙箱 / the sandbox cannot be reached", null);
  }
  const text = await response.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = { detail: text.slice(0, 200) };
  }
  if (!response.ok) throw new ApiError(response.status, reason(data) ?? `HTTP ${response.status}`, data);
  return data;
}

function reason(data) {
  const words = data?.detail ?? data?.message ?? data?.errmsg ?? data?.errMsg ?? data?.title;
  return typeof words === "string" ? words : words ? JSON.stringify(words) : null;
}

const get = (path) => call("GET", path);
const post = (path, body = {}) => call("POST", path, body);
const put = (path, body = {}) => call("PUT", path, body);
const shopperPath = (id, rest = "") => `/shoppers/${encodeURIComponent(id)}${rest}`;
const items = (data) => data?.items ?? data?.shoppers ?? (Array.isArray(data) ? data : []);

export const api = {
  accounts: () => get("/accounts"),
  clock: () => get("/clock"),
  shoppers: async () => items(await get("/shoppers")),
  createShopper: (nickname) => post("/shoppers", nickname ? { nickname } : {}),
  shopper: (id) => get(shopperPath(id)),
  codes: async () => items(await get("/codes")),
  pushes: async (limit = 30) => items(await get(`/pushes?limit=${limit}`)),
  notifications: async (limit = 30) => items(await get(`/notifications?limit=${limit}`)),
  scan: (id, content) => post(shopperPath(id, "/scan"), { content }),
  follow: (id, appid, ticket) => post(shopperPath(id, "/follow"), ticket ? { appid, ticket } : { appid }),
  unfollow: (id, appid) => post(shopperPath(id, "/unfollow"), { appid }),
  chats: async (id) => items(await get(shopperPath(id, "/chats"))),
  messages: async (id, appid) => (await get(shopperPath(id, `/chats/${encodeURIComponent(appid)}`))).messages ?? [],
  sendText: (id, appid, content) => post(shopperPath(id, `/chats/${encodeURIComponent(appid)}/text`), { content }),
  tapMenu: (id, appid, button) => post(shopperPath(id, `/chats/${encodeURIComponent(appid)}/menu`), button),
  sendFile: (id, appid, content) => post(shopperPath(id, `/chats/${encodeURIComponent(appid)}/file`), content ? { kind: "image", content } : { kind: "image" }),
  sendPlace: (id, appid, place) => post(shopperPath(id, `/chats/${encodeURIComponent(appid)}/place`), place),
  menuInput: (id, appid, input) => post(shopperPath(id, `/chats/${encodeURIComponent(appid)}/menu-input`), input),
  createSheet: (id, request) => post(shopperPath(id, "/sheets"), request),
  pay: (sheetId) => post(`/sheets/${encodeURIComponent(sheetId)}/pay`),
  cancel: (sheetId) => post(`/sheets/${encodeURIComponent(sheetId)}/cancel`),
  sheets: async (id, sheetState = "open") => items(await get(shopperPath(id, `/sheets?state=${sheetState}`))),
  sheet: (sheetId) => get(`/sheets/${encodeURIComponent(sheetId)}`),
  checkConfig: (config) => post("/jssdk/check", config),
  jscode: (id, appid, purpose) => post(shopperPath(id, "/jscode"), { appid, purpose }),
  // Friends: a chat is named by the friend's id, or by the group's.
  friends: (id) => get(shopperPath(id, "/friends")),
  friendMessages: async (id, chatId) => (await get(shopperPath(id, `/friends/${encodeURIComponent(chatId)}/messages`))).messages,
  sendToFriend: (id, chatId, message) => post(shopperPath(id, `/friends/${encodeURIComponent(chatId)}/messages`), message),
  createGroup: (members, name = "") => post("/groups", { members, name }),
  moments: async (id) => items(await get(shopperPath(id, "/moments"))),
  postMoment: (id, moment) => post(shopperPath(id, "/moments"), moment),
  likeMoment: (id, momentId, liked) => put(shopperPath(id, `/moments/${encodeURIComponent(momentId)}/like`), { liked }),
  commentMoment: (id, momentId, content) => post(shopperPath(id, `/moments/${encodeURIComponent(momentId)}/comments`), { content }),
  packet: (id, packetId) => get(shopperPath(id, `/red-packets/${encodeURIComponent(packetId)}`)),
  openPacket: (id, packetId) => post(shopperPath(id, `/red-packets/${encodeURIComponent(packetId)}/open`)),
  // Mini programs and what they may ask.
  minis: async (id) => items(await get(shopperPath(id, "/mini-programs"))),
  openMini: (id, appid, path, scene) => post(shopperPath(id, `/mini-programs/${encodeURIComponent(appid)}/open`), { path, scene }),
  templates: async (appid) => items(await get(`/apps/${encodeURIComponent(appid)}/templates`)),
  subscriptions: async (id) => items(await get(shopperPath(id, "/subscriptions"))),
  banTemplate: async (id, body) => (await put(shopperPath(id, "/subscriptions"), body)) ?? true,
  subscribe: (id, answer) => post(shopperPath(id, "/subscriptions"), answer),
  serviceMessages: async (id) => items(await get(shopperPath(id, "/service-messages"))),
  // The wallet.
  bills: (id) => get(shopperPath(id, "/bills")),
  paymentCode: (id) => get(shopperPath(id, "/payment-code")),
  transfers: async (id) => items(await get(shopperPath(id, "/transfers"))),
  confirmTransfer: (id, number) => post(shopperPath(id, `/transfers/${encodeURIComponent(number)}/confirm`)),
  // Employees of companies (WeCom).
  contacts: async (id) => items(await get(shopperPath(id, "/contacts"))),
  addContact: (id, content) => post(shopperPath(id, "/contacts"), { content }),
  writeToContact: (id, corpid, userid, content) => post(shopperPath(id, `/contacts/${encodeURIComponent(corpid)}/${encodeURIComponent(userid)}/text`), { content }),
  dropContact: (id, corpid, userid) => call("DELETE", shopperPath(id, `/contacts/${encodeURIComponent(corpid)}/${encodeURIComponent(userid)}`)),
  shipments: async (id) => items(await get(shopperPath(id, "/shipments"))),
  receive: (id, transactionId) => post(shopperPath(id, "/receipts"), { transaction_id: transactionId }),
  complaints: async (id) => items(await get(shopperPath(id, "/complaints"))),
  replyToComplaint: (id, content) => post(`/complaints/${encodeURIComponent(id)}/reply`, { content }),
  complainAgain: (id, content) => post(`/complaints/${encodeURIComponent(id)}/continue`, { content }),
  complain: (id, complaint) => post(shopperPath(id, "/complaints"), complaint),
};

/** Address of a QR picture of any text. */
export const qrUrl = (content) => `/_sandbox/qr.svg?content=${encodeURIComponent(content)}`;

/** Address that opens a page as this shopper. */
export const webviewUrl = (id, url, fresh = false) => `/_sandbox/webview/${encodeURIComponent(id)}?url=${encodeURIComponent(url)}${fresh ? "&fresh=true" : ""}`;

/** Address of the shopper's stream of events. */
export const eventsUrl = (id) => `/_sandbox/events/${encodeURIComponent(id)}`;
