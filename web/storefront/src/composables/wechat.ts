/** WeChat's JS bridge in the H5. Nothing here asks the user agent alone: inside WeChat is where the bridge answers. */
import { getJssdk } from '@/api/session'
import type { PayParams } from '@/api/types'

import { miniProgramFrame } from './frame'

interface Bridge {
  invoke(method: 'getBrandWCPayRequest', params: PayParams, done: (result: { err_msg: string }) => void): void
}

interface ShareData {
  title: string
  desc?: string
  link: string
  imgUrl: string
}

interface WeixinJs {
  config(options: object): void
  ready(done: () => void): void
  error(done: (reason: { errMsg: string }) => void): void
  updateAppMessageShareData?(data: ShareData): void
  updateTimelineShareData?(data: Omit<ShareData, 'desc'>): void
}

interface MiniProgramCard {
  title: string
  path: string
  imageUrl: string
}

/** What `wx` has besides in a frame that runs this H5 as a mini program. */
interface MiniProgramJs extends WeixinJs {
  login(options: { success(answer: { code: string }): void; fail(reason: object): void }): void
  requestPayment(options: PayParams & { success(): void; fail(reason: { errMsg?: string }): void }): void
  onShareAppMessage(card: () => MiniProgramCard): void
  requestSubscribeMessage?(options: {
    tmplIds: string[]
    success(answer: Record<string, string>): void
    fail(reason: { errMsg?: string }): void
  }): void
}

type WeChatWindow = Window & { WeixinJSBridge?: Bridge; wx?: WeixinJs }

export type PayOutcome = 'ok' | 'cancel' | 'fail'

const BRIDGE_WAIT_MS = 1200
const SCRIPT_WAIT_MS = 6000

const view = (): WeChatWindow => window as WeChatWindow

let sdk: Promise<WeixinJs | null> | null = null
let sdkPage = ''

function loadScript(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (document.querySelector(`script[data-wechat="${url}"]`)) return resolve()
    const script = document.createElement('script')
    script.src = url
    script.dataset.wechat = url
    const timer = setTimeout(() => reject(new Error('timeout')), SCRIPT_WAIT_MS)
    script.onload = () => (clearTimeout(timer), resolve())
    script.onerror = () => (clearTimeout(timer), reject(new Error('script')))
    document.head.appendChild(script)
  })
}

async function configure(page: string): Promise<WeixinJs | null> {
  const config = await getJssdk(page)
  await loadScript(config.script_url)
  const wx = view().wx
  // A mini program has no config: its calls are its own.
  if (!wx || miniProgramFrame) return wx ?? null
  wx.config({
    debug: false,
    appId: config.app_id,
    timestamp: config.timestamp,
    nonceStr: config.nonce_str,
    signature: config.signature,
    jsApiList: ['updateAppMessageShareData', 'updateTimelineShareData', 'chooseWXPay'],
  })
  return wx
}

/** Loads and configures WeChat's script for this address, once; null where it cannot be had. */
export function loadSdk(): Promise<WeixinJs | null> {
  const page = window.location.href.split('#')[0]
  if (!sdk || sdkPage !== page) {
    sdkPage = page
    sdk = configure(page).catch(() => {
      sdk = null
      return null
    })
  }
  return sdk
}

let waited = false

/** The bridge when this page is inside WeChat, otherwise null; it may come a moment after the script. */
export async function findBridge(): Promise<Bridge | null> {
  if (view().WeixinJSBridge || waited) return view().WeixinJSBridge ?? null
  await loadSdk()
  return new Promise((resolve) => {
    if (view().WeixinJSBridge) return resolve(view().WeixinJSBridge ?? null)
    const done = (): void => {
      waited = true
      clearTimeout(timer)
      document.removeEventListener('WeixinJSBridgeReady', done)
      resolve(view().WeixinJSBridge ?? null)
    }
    const timer = setTimeout(done, BRIDGE_WAIT_MS)
    document.addEventListener('WeixinJSBridgeReady', done)
  })
}

/** Opens WeChat's payment sheet. */
export function payByBridge(bridge: Bridge, params: PayParams): Promise<PayOutcome> {
  return new Promise((resolve) => {
    bridge.invoke('getBrandWCPayRequest', params, ({ err_msg: message }) => {
      if (message.endsWith(':ok')) resolve('ok')
      else resolve(message.endsWith(':cancel') ? 'cancel' : 'fail')
    })
  })
}

/** Whether it is worth asking for WeChat's script: this is its browser, or a phone that frames the page. */
export function likelyWeChat(): boolean {
  return Boolean(view().WeixinJSBridge) || /MicroMessenger/i.test(navigator.userAgent) || window.parent !== window
}

/**
 * Makes room for WeChat's own bar with the title and the way back, and starts its script, from which that bar learns
 * where the page is. A frame that turns out not to be WeChat's gets the shop's own bar again.
 */
export async function settleInWeChat(): Promise<void> {
  if (!likelyWeChat()) return
  const { classList } = document.documentElement
  classList.add('in-wechat')
  const bridge = await findBridge()
  if (!bridge && !miniProgramFrame && !/MicroMessenger/i.test(navigator.userAgent)) classList.remove('in-wechat')
}

/** Sets what WeChat shows when the page is sent to a friend. */
export async function setShare(data: ShareData): Promise<void> {
  if (!likelyWeChat()) return
  const wx = await loadSdk()
  wx?.ready(() => {
    wx.updateAppMessageShareData?.(data)
    wx.updateTimelineShareData?.({ title: data.title, link: data.link, imgUrl: data.imgUrl })
  })
}

async function frameWx(): Promise<MiniProgramJs> {
  const wx = (await loadSdk()) as MiniProgramJs | null
  if (!wx?.login) throw new Error('no mini program here')
  return wx
}

/** `wx.login` of the frame that runs this H5 as a mini program. */
export async function loginInFrame(): Promise<string> {
  const wx = await frameWx()
  return new Promise((resolve, reject) => {
    wx.login({ success: (answer) => resolve(answer.code), fail: reject })
  })
}

/** `wx.requestPayment` of that frame. */
export async function payInFrame(params: PayParams): Promise<PayOutcome> {
  const wx = await frameWx()
  return new Promise((resolve) => {
    const fail = (reason: { errMsg?: string }): void => resolve(/cancel/.test(reason.errMsg ?? '') ? 'cancel' : 'fail')
    wx.requestPayment({ ...params, success: () => resolve('ok'), fail })
  })
}

/** `wx.requestSubscribeMessage` of that frame: accept, reject or ban by template. */
export async function askInFrame(tmplIds: string[]): Promise<Record<string, string>> {
  const wx = await frameWx()
  return new Promise((resolve, reject) => {
    if (!wx.requestSubscribeMessage) return reject(new Error('not offered here'))
    wx.requestSubscribeMessage({ tmplIds, success: resolve, fail: reject })
  })
}

/** What that frame's menu sends to a friend. */
export async function shareFromFrame(card: () => MiniProgramCard): Promise<void> {
  const wx = await frameWx().catch(() => null)
  wx?.onShareAppMessage(card)
}
