import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { asApiError, type ApiError } from '@/api/errors'

export interface Load<T> {
  data: ShallowRef<T | null>
  error: ShallowRef<ApiError | null>
  loading: Ref<boolean>
  /** Runs the call; the last good data stays on the page while it runs and when it fails. */
  run: () => Promise<void>
}

/** One call a page lives from: its data, its error, and whether it is under way. */
export function useLoad<T>(call: () => Promise<T>): Load<T> {
  const data: ShallowRef<T | null> = shallowRef(null)
  const error: ShallowRef<ApiError | null> = shallowRef(null)
  const loading = ref(false)
  let turn = 0

  async function run(): Promise<void> {
    const mine = ++turn
    loading.value = true
    try {
      const value = await call()
      if (mine !== turn) return
      data.value = value
      error.value = null
    } catch (thrown) {
      if (mine === turn) error.value = asApiError(thrown)
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  return { data, error, loading, run }
}
