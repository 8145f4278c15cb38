import { getOrder, paymentMethods, syncPayment } from '@/api/orders'
import type { Order, PayBy, Payment, PayMethod, PayParams } from '@/api/types'

import { miniProgramFrame } from './frame'
import { findBridge, payByBridge, payInFrame, type PayOutcome } from './wechat'

/** Asks the platform for a payment of one kind: of an order, or of a top-up. */
export type Payer = (method: PayMethod) => Promise<Payment>

/** How a started payment goes on: the sheet has closed, a code waits to be scanned, or a page of WeChat's or Alipay's opens. */
export type PayStart =
  | { kind: 'sheet'; outcome: PayOutcome }
  | { kind: 'code'; codeUrl: string; expiresAt: string }
  | { kind: 'page' }

function payByMiniProgram(params: PayParams): Promise<PayOutcome> {
  return new Promise((resolve) => {
    uni.requestPayment({
      provider: 'wxpay',
      orderInfo: '',
      timeStamp: params.timeStamp,
      nonceStr: params.nonceStr,
      package: params.package,
      signType: params.signType,
      paySign: params.paySign,
      success: () => resolve('ok'),
      fail: (reason: { errMsg?: string }) => resolve(/cancel/.test(reason.errMsg ?? '') ? 'cancel' : 'fail'),
    })
  })
}

// #ifdef H5
/** On a phone nobody can scan its own screen: WeChat is opened from the browser instead. */
const onPhone = (): boolean => /Mobi|Android|iPhone/i.test(navigator.userAgent)

/** Opens WeChat's page, which leads back to this one; false where the payment cannot be made that way. */
async function leaveForWeChat(pay: Payer): Promise<boolean> {
  let url: string | null = null
  try {
    url = (await pay('wechat_h5')).h5_url
  } catch {
    // Not every merchant and address may: the code to scan is left, and says what is wrong with the order itself.
  }
  if (!url) return false
  const here = location.href.replace(/([?&])auto=1/, '$1back=1')
  const back = /[?&]back=1/.test(here) ? here : `${here}&back=1`
  location.href = `${url}${url.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(back)}`
  return true
}

/** Opens Alipay's page, which leads back by the platform; false where there is none. */
async function leaveForAlipay(pay: Payer): Promise<boolean> {
  const url = (await pay(onPhone() ? 'alipay_wap' : 'alipay_page')).h5_url
  if (url) location.href = url
  return Boolean(url)
}
// #endif

/** What a shopper may choose from here: inside WeChat nobody pays by Alipay, elsewhere whatever is connected. */
export async function waysToPay(): Promise<PayBy[]> {
  let inWeChat = true
  // #ifdef H5
  inWeChat = Boolean(miniProgramFrame) || Boolean(await findBridge())
  // #endif
  if (inWeChat) return ['wechat']
  const connected = await paymentMethods().catch(() => null)
  const ways = (['wechat', 'alipay'] as const).filter((way) => connected?.[way])
  return ways.length ? ways : ['wechat']
}

/** Starts the payment in the way this place allows: the mini program's sheet, WeChat's bridge, a page, or a code. */
export async function startPayment(pay: Payer, by: PayBy = 'wechat'): Promise<PayStart> {
  let start: PayStart | null = null
  // #ifdef H5
  if (by === 'alipay' && (await leaveForAlipay(pay))) return { kind: 'page' }
  // #endif
  // #ifdef MP-WEIXIN
  const mini = await pay('wechat_mini')
  start = { kind: 'sheet', outcome: mini.pay_params ? await payByMiniProgram(mini.pay_params) : 'fail' }
  // #endif
  // #ifdef H5
  const bridge = await findBridge()
  if (miniProgramFrame) {
    const payment = await pay('wechat_mini')
    start = { kind: 'sheet', outcome: payment.pay_params ? await payInFrame(payment.pay_params) : 'fail' }
  } else if (bridge) {
    const payment = await pay('wechat_jsapi')
    start = { kind: 'sheet', outcome: payment.pay_params ? await payByBridge(bridge, payment.pay_params) : 'fail' }
  } else if (onPhone() && (await leaveForWeChat(pay))) {
    start = { kind: 'page' }
  }
  // #endif
  if (start) return start
  const native = await pay('wechat_native')
  return { kind: 'code', codeUrl: native.code_url ?? '', expiresAt: native.expires_at }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const FAST_TRIES = 3
const TRIES = 12

/**
 * Waits until the platform knows of the payment: by its notification first, then by asking WeChat.
 * Answers the order as it is last seen; still unpaid means that WeChat has not confirmed yet.
 */
export async function awaitPaid(orderId: string, alive: () => boolean): Promise<Order | null> {
  let order: Order | null = null
  for (let attempt = 0; attempt < TRIES && alive(); attempt++) {
    try {
      const ask = attempt >= FAST_TRIES && (attempt - FAST_TRIES) % 3 === 0
      order = ask ? await syncPayment(orderId) : await getOrder(orderId)
    } catch {
      // One lost answer says nothing about the payment.
    }
    if (order && order.state !== 'unpaid') return order
    await wait(attempt < FAST_TRIES ? 700 : 1500)
  }
  return order
}

const CODE_POLL_MS = 2000
/** Asking WeChat is dear and rate limited: every fifth look is enough while the notification is awaited. */
const ASK_EVERY = 5

/** Watches an order whose code is on the screen, until it is decided or the page goes. */
export async function watchPaid(orderId: string, alive: () => boolean): Promise<Order | null> {
  for (let look = 1; alive(); look++) {
    await wait(CODE_POLL_MS)
    if (!alive()) break
    try {
      const order = look % ASK_EVERY === 0 ? await syncPayment(orderId) : await getOrder(orderId)
      if (order.state !== 'unpaid') return order
    } catch {
      // The next look may succeed; the code stays on the screen.
    }
  }
  return null
}
