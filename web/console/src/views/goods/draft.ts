/** The product being edited: prices as typed, and the variants that its options make. */
import type { Attribute, Media, Product, ProductOption, ProductWrite } from '@/api/types'
import { fromFen, toFen } from '@/format'
import { t } from '@/i18n'

export const MOST_SKUS = 300

export interface DraftSku {
  sku_id?: string
  code: string
  option_values: string[]
  price: string
  market_price: string
  image_url: string | null
}

export interface Draft {
  title: string
  subtitle: string
  description: string
  category_ids: string[]
  media: Media[]
  options: ProductOption[]
  attributes: Attribute[]
  skus: DraftSku[]
}

const blank = (values: string[]): DraftSku => ({ code: '', option_values: values, price: '', market_price: '', image_url: null })

export const emptyDraft = (): Draft => ({
  title: '',
  subtitle: '',
  description: '',
  category_ids: [],
  media: [],
  options: [],
  attributes: [],
  skus: [blank([])],
})

export function draftOf(product: Product): Draft {
  return {
    title: product.title,
    subtitle: product.subtitle ?? '',
    description: product.description ?? '',
    category_ids: [...product.category_ids],
    media: product.media.map((m) => ({ kind: m.kind, url: m.url })),
    options: product.options.map((o) => ({ name: o.name, values: [...o.values] })),
    attributes: (product.attributes ?? []).map((a) => ({ ...a })),
    skus: product.skus.map((s) => ({
      sku_id: s.sku_id,
      code: s.code,
      option_values: [...s.option_values],
      price: fromFen(s.price_fen),
      market_price: fromFen(s.market_price_fen),
      image_url: s.image_url,
    })),
  }
}

/** Every combination of the options' values, in order. */
export function combinations(options: ProductOption[]): string[][] {
  return options
    .filter((o) => o.values.length > 0)
    .reduce<string[][]>((rows, o) => rows.flatMap((row) => o.values.map((v) => [...row, v])), [[]])
}

const keyOf = (values: string[]): string => values.join('\u0000')

/** The variants for these options: what was typed for a combination stays; a new one takes its price from the first. */
export function matched(skus: DraftSku[], options: ProductOption[]): DraftSku[] {
  const known = new Map(skus.map((s) => [keyOf(s.option_values), s]))
  const model = skus[0]
  return combinations(options).map((values) => {
    const same = known.get(keyOf(values))
    if (same) return same
    return { ...blank(values), price: model?.price ?? '', market_price: model?.market_price ?? '' }
  })
}

/** What is wrong with it, or nothing. */
export function problemOf(draft: Draft): string {
  if (!draft.title.trim()) return t.goods.needTitle
  if (draft.options.some((o) => !o.name.trim() || o.values.length === 0)) return t.goods.needOption
  if (draft.skus.length > MOST_SKUS) return t.goods.tooMany
  if (draft.skus.some((s) => !s.code.trim())) return t.goods.needCode
  if (new Set(draft.skus.map((s) => s.code.trim())).size < draft.skus.length) return t.goods.duplicateCode
  if (draft.skus.some((s) => !toFen(s.price))) return `${t.goods.needPrice}（${t.common.badAmount}）`
  if (draft.skus.some((s) => s.market_price.trim() && toFen(s.market_price) === null)) return t.common.badAmount
  if (draft.skus.some((s) => s.market_price.trim() && (toFen(s.market_price) ?? 0) < (toFen(s.price) ?? 0))) return t.goods.marketTooLow
  return ''
}

export function written(draft: Draft): ProductWrite {
  return {
    title: draft.title.trim(),
    subtitle: draft.subtitle.trim(),
    description: draft.description.trim(),
    category_ids: draft.category_ids,
    media: draft.media,
    options: draft.options.map((o) => ({ name: o.name.trim(), values: o.values })),
    attributes: draft.attributes
      .map((a) => ({ name: a.name.trim(), value: a.value.trim() }))
      .filter((a) => a.name && a.value),
    skus: draft.skus.map((s) => ({
      ...(s.sku_id ? { sku_id: s.sku_id } : {}),
      code: s.code.trim(),
      option_values: s.option_values,
      price_fen: toFen(s.price) ?? 0,
      market_price_fen: s.market_price.trim() ? toFen(s.market_price) : null,
      image_url: s.image_url,
    })),
  }
}
