'use strict'
/** What WeChat gives a mini program, as far as the storefront uses it: storage, requests over HTTP, sign-in, payment. */

const httpFetch = globalThis.fetch

const later = (work) => setTimeout(work, 0)

/** Calls back as wx does; `complete` follows either way. */
function settle(options, work) {
  Promise.resolve()
    .then(work)
    .then(
      (value) => later(() => (options.success?.(value), options.complete?.(value))),
      (error) => later(() => ((error) => (options.fail?.(error), options.complete?.(error)))({ errMsg: String(error.errMsg || error.message || error) })),
    )
}

async function request({ url, method = 'GET', data, header = {} }, calls) {
  const body = data === undefined || method === 'GET' ? undefined : JSON.stringify(data)
  const answer = await httpFetch(url, { method, headers: header, body })
  const text = await answer.text()
  calls.push({ method, path: new URL(url).pathname, status: answer.status, key: header['Idempotency-Key'] })
  let parsed = text
  try {
    parsed = JSON.parse(text)
  } catch {
    // Not JSON: wx hands the text over as well.
  }
  return { statusCode: answer.status, data: parsed, header: Object.fromEntries(answer.headers), errMsg: 'request:ok' }
}

/** @param {{apiBase: string, merchant: string, phone: {code(): Promise<string>, pay(params: object): Promise<void>, agree?(ids: string[]): Promise<object>}, go: Function}} world */
function makeWx(world) {
  const storage = new Map()
  const log = { calls: [], payments: [], consents: [], toasts: [], titles: [] }
  const system = { SDKVersion: '3.5.0', platform: 'devtools', language: 'zh_CN', version: '8.0.50', brand: 'devtools', model: 'iPhone',
    system: 'iOS 17', pixelRatio: 2, screenWidth: 375, screenHeight: 667, windowWidth: 375, windowHeight: 603, statusBarHeight: 20,
    safeArea: { left: 0, right: 375, top: 20, bottom: 667, width: 375, height: 647 } }
  const quiet = (options = {}) => settle(options, () => ({ errMsg: 'ok' }))
  const launch = { path: 'pages/home/home', query: {}, scene: 1001, referrerInfo: {} }
  const wx = {
    log,
    canIUse: () => true,
    getSystemInfoSync: () => system,
    getSystemInfo: (options) => settle(options, () => system),
    getWindowInfo: () => system,
    getDeviceInfo: () => system,
    getAppBaseInfo: () => system,
    getLaunchOptionsSync: () => launch,
    getEnterOptionsSync: () => launch,
    getExtConfigSync: () => ({ api_base: world.apiBase, merchant: world.merchant }),
    onAppShow() {}, onAppHide() {}, onError() {},
    getStorageSync: (key) => (storage.has(key) ? JSON.parse(storage.get(key)) : ''),
    setStorageSync: (key, value) => void storage.set(key, JSON.stringify(value)),
    removeStorageSync: (key) => void storage.delete(key),
    setStorage: quiet,
    request: (options) => settle(options, () => request(options, log.calls)),
    login: (options) => settle(options, async () => ({ code: await world.phone.code(), errMsg: 'login:ok' })),
    requestPayment: (options) =>
      settle(options, async () => {
        const { timeStamp, nonceStr, signType, paySign } = options
        const params = { timeStamp, nonceStr, package: options.package, signType, paySign }
        log.payments.push(params)
        await world.phone.pay(params)
        return { errMsg: 'requestPayment:ok' }
      }),
    requestSubscribeMessage: (options) =>
      settle(options, async () => {
        log.consents.push(options.tmplIds)
        return world.phone.agree ? world.phone.agree(options.tmplIds) : Promise.reject({ errMsg: 'requestSubscribeMessage:fail' })
      }),
    showToast: (options) => (log.toasts.push(options.title), quiet(options)),
    setNavigationBarTitle: (options) => (log.titles.push(options.title), quiet(options)),
    showModal: (options) => settle(options, () => ({ confirm: true, cancel: false })),
  }
  for (const name of ['setTabBarStyle', 'setTabBarItem', 'setTabBarBadge', 'removeTabBarBadge', 'pageScrollTo', 'stopPullDownRefresh', 'hideKeyboard', 'hideToast']) {
    wx[name] = quiet
  }
  for (const name of ['navigateTo', 'redirectTo', 'switchTab', 'navigateBack']) {
    wx[name] = (options) => settle(options, () => world.go(name, options))
  }
  return wx
}

module.exports = { makeWx, httpFetch }
