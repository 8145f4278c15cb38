import { computed, ref } from 'vue'

import { deleteCartItem, getCart, putCartItem } from '@/api/cart'
import type { Cart } from '@/api/types'

import { shopper } from './session'

/** The open shop's cart as last seen; null until it was read. */
export const cart = ref<Cart | null>(null)

export const cartCount = computed(() =>
  (cart.value?.items ?? []).filter((item) => item.state !== 'unpublished').reduce((sum, item) => sum + item.quantity, 0),
)

export async function refreshCart(): Promise<Cart> {
  cart.value = await getCart()
  return cart.value
}

/** For the badge: reads the cart only of somebody who is known to be signed in. */
export async function refreshCartQuietly(): Promise<void> {
  if (!shopper.value) return
  try {
    cart.value = await getCart(true)
  } catch {
    // A badge that is missing is better than an error about a badge.
  }
}

export async function setQuantity(skuId: string, quantity: number): Promise<void> {
  cart.value = await putCartItem(skuId, quantity)
}

/** Adds to what the cart already holds of this SKU. */
export async function addToCart(skuId: string, quantity: number): Promise<void> {
  const current = cart.value ?? (await refreshCart())
  const held = current.items.find((item) => item.sku_id === skuId)?.quantity ?? 0
  await setQuantity(skuId, held + quantity)
}

export async function removeItem(skuId: string): Promise<void> {
  cart.value = await deleteCartItem(skuId)
}
