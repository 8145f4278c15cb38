export type ProductState = 'draft' | 'published' | 'unpublished'

export interface ProductItem {
  product_id: string
  title: string
  cover_url: string | null
  state: ProductState
  price_fen: number
  available: number
  sold_count: number
  updated_at: string
}

export interface Media {
  kind: string
  url: string
}

export interface Attribute {
  name: string
  value: string
}

export interface ProductOption {
  name: string
  values: string[]
}

export interface SkuStock {
  location_id: string
  location_name: string
  available: number
  held: number
  sold: number
}

export interface Sku {
  sku_id: string
  code: string
  option_values: string[]
  price_fen: number
  market_price_fen: number | null
  image_url: string | null
  stock?: SkuStock[]
}

export interface Product {
  product_id: string
  title: string
  subtitle: string | null
  description: string | null
  category_ids: string[]
  media: Media[]
  options: ProductOption[]
  attributes: Attribute[]
  skus: Sku[]
  state: ProductState
}

export interface ProductWrite {
  title: string
  subtitle: string
  description: string
  category_ids: string[]
  media: Media[]
  options: ProductOption[]
  attributes: Attribute[]
  skus: {
    sku_id?: string
    code: string
    option_values: string[]
    price_fen: number
    market_price_fen: number | null
    image_url: string | null
  }[]
}

export interface Category {
  category_id: string
  parent_id: string | null
  name: string
  icon_url: string | null
}

export interface StockRow extends SkuStock {
  sku_id: string
  code: string
  product_id: string
  title: string
  option_values: string[]
}
