/** What the shopper was about to put into the cart when signing in took them away (H5). */
export interface PendingItem {
  productId: string
  skuId: string
  quantity: number
  at: number
}

const KEY = 'bihuan.pending-item'
const KEPT_MS = 5 * 60_000

export function keepPending(item: Omit<PendingItem, 'at'>): void {
  uni.setStorageSync(KEY, { ...item, at: Date.now() })
}

export function dropPending(): void {
  uni.removeStorageSync(KEY)
}

/** Takes what was kept for this product, once. */
export function takePending(productId: string): PendingItem | null {
  const item = uni.getStorageSync(KEY) as PendingItem | ''
  if (!item || item.productId !== productId) return null
  dropPending()
  return Date.now() - item.at < KEPT_MS ? item : null
}
