import type { Product, Sku } from '@/api/types'

/** A choice so far: one value or nothing per option, in the options' order. */
export type Choice = (string | null)[]

const matches = (sku: Sku, choice: Choice): boolean =>
  choice.every((value, index) => value === null || sku.option_values[index] === value)

/** The one SKU that a complete choice names. */
export function findSku(product: Product, choice: Choice): Sku | null {
  if (choice.some((value) => value === null)) return null
  return product.skus.find((sku) => matches(sku, choice)) ?? null
}

/** Whether something on sale and in stock is left when this value is chosen beside the others. */
export function canChoose(product: Product, choice: Choice, option: number, value: string): boolean {
  const wanted = choice.map((current, index) => (index === option ? value : current))
  return product.skus.some((sku) => sku.available > 0 && matches(sku, wanted))
}

/** The choice to begin with: the only values there are, otherwise nothing; all of it when one SKU is all there is. */
export function firstChoice(product: Product): Choice {
  if (product.skus.length === 1) return product.options.map((_, index) => product.skus[0].option_values[index] ?? null)
  return product.options.map((option) => (option.values.length === 1 ? option.values[0] : null))
}

/** Lowest and highest price of what can be bought (of all when nothing can). */
export function priceRange(product: Product): [number, number] {
  const stocked = product.skus.filter((sku) => sku.available > 0)
  const prices = (stocked.length ? stocked : product.skus).map((sku) => sku.price_fen)
  return prices.length ? [Math.min(...prices), Math.max(...prices)] : [product.price_fen, product.price_fen]
}

export const totalAvailable = (product: Product): number => product.skus.reduce((sum, sku) => sum + sku.available, 0)
