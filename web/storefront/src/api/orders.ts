import { merchantCode } from '@/composables/merchant'

import { newKey, request } from './http'
import type { DeliveryRequest, LineRequest, Order, Page, Payment, PayMethod, PlaceRequest, Quote } from './types'

const shop = (): string => `/api/shop/${merchantCode.value}`

export const quote = (lines: LineRequest[], delivery: DeliveryRequest): Promise<Quote> =>
  request('POST', `${shop()}/quote`, { body: { lines, delivery } })

/** Fails with `out_of_stock` and `not_on_sale` (extra: `sku_ids`) or `price_changed` (extra: `lines`, `total_fen`). */
export const place = (body: PlaceRequest, idempotencyKey: string): Promise<Order> =>
  request('POST', `${shop()}/orders`, { body, idempotencyKey })

export const listOrders = (state: string, cursor: string | null): Promise<Page<Order>> =>
  request('GET', `${shop()}/orders`, { query: { state, cursor, limit: 10 } })

export const getOrder = (orderId: string): Promise<Order> => request('GET', `${shop()}/orders/${orderId}`)

/** Only an unpaid order can be cancelled; otherwise `wrong_state`. */
export const cancelOrder = (orderId: string, reason: string): Promise<Order> =>
  request('POST', `${shop()}/orders/${orderId}/cancel`, { body: { reason }, idempotencyKey: newKey() })

/** `walletFen` of it comes from the wallet; the method "wallet" takes the whole from there, at once. */
export const payOrder = (orderId: string, method: PayMethod | 'wallet', walletFen = 0): Promise<Payment> =>
  request('POST', `${shop()}/orders/${orderId}/pay`, { body: { method, wallet_fen: walletFen }, idempotencyKey: newKey() })

/** Makes the platform ask WeChat when no notification has come; rate limited, so use it sparingly. */
export const syncPayment = (orderId: string): Promise<Order> =>
  request('POST', `${shop()}/orders/${orderId}/sync-payment`, { body: {} })

export const confirmReceipt = (orderId: string): Promise<Order> =>
  request('POST', `${shop()}/orders/${orderId}/confirm-receipt`, { body: {}, idempotencyKey: newKey() })
