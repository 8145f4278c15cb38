import { computed, ref, shallowRef } from 'vue'

import { listAddresses } from '@/api/addresses'
import { listStores } from '@/api/catalog'
import { asApiError, type ApiError } from '@/api/errors'
import { newKey } from '@/api/http'
import { place, quote as askQuote } from '@/api/orders'
import type { Address, DeliveryRequest, LineRequest, Order, PlaceRequest, Quote, StoreCard } from '@/api/types'
import { t } from '@/i18n'

import { chosenAddressId } from './addresses'
import { cart } from './cart'
import { money } from './format'
import { parseLines, writeLines } from './lines'

export interface Notice {
  title: string
  details: string[]
  /** The lines named can be left out so that the rest goes on. */
  removable: boolean
}

type Method = 'ship' | 'pickup'

/** What became dearer or cheaper between two quotes, in words. */
export function priceChanges(before: Quote, after: Quote): string[] {
  return after.lines.flatMap((line) => {
    const old = before.lines.find((other) => other.sku_id === line.sku_id)
    if (!old || old.unit_price_fen === line.unit_price_fen) return []
    return [t('checkout.priceLine', { title: line.title, before: money(old.unit_price_fen), after: money(line.unit_price_fen) })]
  })
}

const skuIds = (error: ApiError): string[] => (Array.isArray(error.extra.sku_ids) ? error.extra.sku_ids.map(String) : [])

export function useCheckout() {
  const lines = ref<LineRequest[]>([])
  const quote = shallowRef<Quote | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(false)
  const placing = ref(false)
  const method = ref<Method>('ship')
  const addresses = shallowRef<Address[]>([])
  const addressId = ref('')
  const stores = shallowRef<StoreCard[]>([])
  const storeId = ref('')
  const remark = ref('')
  const usePoints = ref(false)
  const problems = ref<Record<string, string>>({})
  const notice = shallowRef<Notice | null>(null)
  let fromCart = false
  let attempt = { body: '', key: '' }

  const address = computed(() => addresses.value.find((item) => item.address_id === addressId.value) ?? null)
  const store = computed(() => stores.value.find((item) => item.store_id === storeId.value) ?? null)
  const ready = computed(() => (method.value === 'ship' ? address.value !== null : store.value !== null))

  function delivery(): DeliveryRequest {
    if (method.value === 'pickup') return { method: 'pickup', store_id: storeId.value }
    return addressId.value ? { method: 'ship', address_id: addressId.value } : { method: 'ship' }
  }

  async function refresh(): Promise<void> {
    loading.value = true
    try {
      quote.value = await askQuote(lines.value, delivery(), usePoints.value)
      error.value = null
    } catch (thrown) {
      error.value = asApiError(thrown)
      // With an older quote on the page the shopper sees what it was about, and what to do.
      if (quote.value) explain(error.value)
    } finally {
      loading.value = false
    }
  }

  async function loadAddresses(): Promise<void> {
    const book = (await listAddresses()).items
    addresses.value = book
    if (!book.some((item) => item.address_id === addressId.value)) {
      addressId.value = (book.find((item) => item.is_default) ?? book[0])?.address_id ?? ''
    }
  }

  async function begin(text: string, cartOrder: boolean): Promise<void> {
    lines.value = parseLines(text)
    fromCart = cartOrder
    if (!lines.value.length) return
    loading.value = true
    try {
      const [, found] = await Promise.all([loadAddresses(), listStores()])
      stores.value = found.items.filter((item) => item.pickup)
      storeId.value = stores.value[0]?.store_id ?? ''
    } catch (thrown) {
      error.value = asApiError(thrown)
      loading.value = false
      return
    }
    await refresh()
  }

  async function retry(): Promise<void> {
    if (!quote.value) await begin(writeLines(lines.value), fromCart)
    else await refresh()
  }

  async function takeAddress(): Promise<void> {
    addressId.value = chosenAddressId.value
    chosenAddressId.value = ''
    try {
      await loadAddresses()
    } catch {
      // The book that is already here still holds the choice, or the quote says what is wrong.
    }
    await refresh()
  }

  async function chooseMethod(value: Method): Promise<void> {
    if (value === method.value) return
    method.value = value
    await refresh()
  }

  async function chooseStore(id: string): Promise<void> {
    storeId.value = id
    await refresh()
  }

  async function choosePoints(use: boolean): Promise<void> {
    usePoints.value = use
    await refresh()
  }

  const titles = (ids: string[]): string[] =>
    (quote.value?.lines ?? [])
      .filter((line) => ids.includes(line.sku_id))
      .map((line) => [line.title, ...line.option_values].join(' '))

  function explain(problem: ApiError): void {
    const ids = skuIds(problem)
    const removable = ids.length > 0 && ids.length < lines.value.length
    problems.value = {}
    if (problem.code === 'out_of_stock' || problem.code === 'not_on_sale') {
      const gone = problem.code === 'not_on_sale'
      for (const id of ids) problems.value[id] = gone ? t('cart.unpublished') : t('checkout.short')
      notice.value = { title: gone ? t('checkout.notOnSale') : t('checkout.outOfStock'), details: titles(ids), removable }
    } else {
      notice.value = { title: problem.message, details: [t('checkout.tryAgain')], removable: false }
    }
  }

  async function explainPrices(): Promise<void> {
    const before = quote.value
    await refresh()
    if (!before || !quote.value || error.value) return
    const changes = priceChanges(before, quote.value)
    notice.value = {
      title: t('checkout.priceChanged', { before: money(before.total_fen), after: money(quote.value.total_fen) }),
      details: [...changes, t('checkout.confirmPrices')],
      removable: false,
    }
  }

  /** Points that another order took meanwhile, or other terms: what they do now, to be agreed to. */
  async function explainPoints(problem: ApiError): Promise<void> {
    await refresh()
    notice.value = { title: problem.message, details: [t('checkout.confirmPrices')], removable: false }
  }

  async function dropProblems(): Promise<void> {
    lines.value = lines.value.filter((line) => !(line.sku_id in problems.value))
    problems.value = {}
    notice.value = null
    await refresh()
  }

  function order(current: Quote): PlaceRequest {
    const body: PlaceRequest = {
      lines: current.lines.map((line) => ({ sku_id: line.sku_id, quantity: line.quantity, price_fen: line.unit_price_fen })),
      delivery: delivery(),
      total_fen: current.total_fen,
      from_cart: fromCart,
    }
    if (current.points?.used) body.use_points = current.points.used
    if (remark.value.trim()) body.remark = remark.value.trim()
    return body
  }

  /** Places the order; null when it could not be, with the reason in `notice`. */
  async function submit(): Promise<Order | null> {
    if (!quote.value || placing.value || loading.value || !ready.value) return null
    placing.value = true
    notice.value = null
    problems.value = {}
    const body = order(quote.value)
    const text = JSON.stringify(body)
    // The same intent keeps its key, so that a retry after a lost answer cannot order twice.
    if (attempt.body !== text) attempt = { body: text, key: newKey() }
    try {
      const placed = await place(body, attempt.key)
      attempt = { body: '', key: '' }
      if (fromCart) cart.value = null
      return placed
    } catch (thrown) {
      const problem = asApiError(thrown)
      // What the platform refused is decided; only an answer that never came may be asked for again.
      if (!problem.transient) attempt = { body: '', key: '' }
      if (problem.code === 'price_changed') await explainPrices()
      else if (problem.code.startsWith('points_')) await explainPoints(problem)
      else explain(problem)
      uni.pageScrollTo({ scrollTop: 0, duration: 200 })
      return null
    } finally {
      placing.value = false
    }
  }

  return {
    lines, quote, error, loading, placing, method, address, store, stores, remark, usePoints, problems, notice, ready,
    begin, refresh: retry, takeAddress, chooseMethod, chooseStore, choosePoints, dropProblems, submit,
  }
}
