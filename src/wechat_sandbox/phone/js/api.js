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
const shopperPath = (id, rest = "") => `/shoppers/${encodeURIComponent(id)}${rest}`;
const items = (data) => data?.items ?? data?.shoppers ?? (Array.isArray(data) ? data : []);

export const api = {
  accounts: () => get("/accounts"),
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
  createSheet: (id, request) => post(shopperPath(id, "/sheets"), request),
  pay: (sheetId) => post(`/sheets/${encodeURIComponent(sheetId)}/pay`),
  cancel: (sheetId) => post(`/sheets/${encodeURIComponent(sheetId)}/cancel`),
  checkConfig: (config) => post("/jssdk/check", config),
};

/** Address of a QR picture of any text. */
export const qrUrl = (content) => `/_sandbox/qr.svg?content=${encodeURIComponent(content)}`;

/** Address that opens a page as this shopper. */
export const webviewUrl = (id, url) => `/_sandbox/webview/${encodeURIComponent(id)}?url=${encodeURIComponent(url)}`;

/** Address of the shopper's stream of events. */
export const eventsUrl = (id) => `/_sandbox/events/${encodeURIComponent(id)}`;
