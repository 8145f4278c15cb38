import { ref, shallowRef } from 'vue'

import { asApiError, type ApiError } from '@/api/errors'
import type { Page } from '@/api/types'

/** A list that grows by cursor; `reset` starts it again, `more` takes the next page. */
export function usePaged<T>(call: (cursor: string | null) => Promise<Page<T>>) {
  const items = shallowRef<T[]>([])
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(false)
  const started = ref(false)
  const done = ref(false)
  let cursor: string | null = null
  let turn = 0

  async function take(fresh: boolean): Promise<void> {
    const mine = ++turn
    loading.value = true
    error.value = null
    try {
      const page = await call(fresh ? null : cursor)
      if (mine !== turn) return
      items.value = fresh ? page.items : [...items.value, ...page.items]
      cursor = page.next_cursor
      done.value = cursor === null
      started.value = true
    } catch (thrown) {
      if (mine === turn) error.value = asApiError(thrown)
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  /** `keep` leaves the old items on the page until the new ones are there (pull to refresh). */
  function reset(keep = false): Promise<void> {
    if (!keep) {
      items.value = []
      started.value = false
    }
    done.value = false
    return take(true)
  }

  function more(): Promise<void> {
    return loading.value || done.value || !started.value ? Promise.resolve() : take(false)
  }

  return { items, error, loading, started, done, reset, more }
}
