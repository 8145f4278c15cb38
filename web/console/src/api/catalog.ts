import { del, get, post, put, upload, type Page, type Query } from './http'
import type { Category, Product, ProductItem, ProductWrite, StockRow } from './types'

const ROOT = '/api/merchant/products'

export const list = (query: Query): Promise<Page<ProductItem>> => get(ROOT, query)
export const find = (productId: string): Promise<Product> => get(`${ROOT}/${productId}`)
export const create = (product: ProductWrite, key: string): Promise<Product> => post(ROOT, product, key)
export const update = (productId: string, product: ProductWrite, key: string): Promise<Product> =>
  put(`${ROOT}/${productId}`, product, key)
export const publish = (productId: string): Promise<unknown> => post(`${ROOT}/${productId}/publish`)
export const unpublish = (productId: string): Promise<unknown> => post(`${ROOT}/${productId}/unpublish`)

export const uploadMedia = (file: File): Promise<{ media_id: string; url: string }> =>
  upload('/api/merchant/media', file)

export interface CategoryWrite {
  name: string
  parent_id: string | null
  icon_url?: string | null
}

export const categories = (): Promise<Page<Category>> => get('/api/merchant/categories', { limit: 100 })
export const createCategory = (category: CategoryWrite, key: string): Promise<Category> =>
  post('/api/merchant/categories', category, key)
export const updateCategory = (id: string, category: CategoryWrite, key: string): Promise<Category> =>
  put(`/api/merchant/categories/${id}`, category, key)
export const removeCategory = (id: string): Promise<void> => del(`/api/merchant/categories/${id}`)

export const stock = (query: Query): Promise<Page<StockRow>> => get('/api/merchant/stock', query)

export interface StockAdjustment {
  sku_id: string
  location_id: string
  delta: number
  reason: string
}

export const adjustStock = (adjustment: StockAdjustment, key: string): Promise<unknown> =>
  post('/api/merchant/stock/adjustments', adjustment, key)
