import { merchantCode } from '@/composables/merchant'

import { request } from './http'
import type { Cart } from './types'

const cart = (): string => `/api/shop/${merchantCode.value}/cart`

/** `quiet` reads it only for those who are signed in. */
export const getCart = (quiet = false): Promise<Cart> => request('GET', cart(), { quiet })

/** Sets the quantity (0 removes) and answers the whole cart. */
export const putCartItem = (skuId: string, quantity: number): Promise<Cart> =>
  request('PUT', `${cart()}/items/${skuId}`, { body: { quantity } })

export const deleteCartItem = (skuId: string): Promise<Cart> => request('DELETE', `${cart()}/items/${skuId}`)
