import { merchantCode } from '@/composables/merchant'

import { request } from './http'
import type { Category, Home, Merchant, Page, Product, ProductCard, ProductSort, StoreCard } from './types'

const shop = (): string => `/api/shop/${merchantCode.value}`

export interface ProductQuery {
  category_id?: string
  q?: string
  sort?: ProductSort
  limit?: number
  cursor?: string | null
}

export const listMerchants = (): Promise<Page<Omit<Merchant, 'theme_color'>>> => request('GET', '/api/shop/merchants')

export const getHome = (): Promise<Home> => request('GET', `${shop()}/home`)

export const listCategories = (): Promise<Page<Category>> => request('GET', `${shop()}/categories`)

export const listProducts = (query: ProductQuery): Promise<Page<ProductCard>> =>
  request('GET', `${shop()}/products`, { query: { ...query } })

/** Fails with `not_found` when the product is not on sale. */
export const getProduct = (productId: string): Promise<Product> => request('GET', `${shop()}/products/${productId}`)

export const listStores = (): Promise<Page<StoreCard>> => request('GET', `${shop()}/stores`)
