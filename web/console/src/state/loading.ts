/** Composables for what a room does with the platform: load, page through a list, run a command. */
import { onScopeDispose, reactive, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { ElMessage } from 'element-plus/es/components/message/index'
import { ApiError, newKey, type Page } from '@/api/http'
import { t } from '@/i18n'

/** What to tell a person about a failure. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 0) return t.common.unreachable
    const said = error.detail || error.title
    return error.status >= 500 && error.requestId ? `${said} (${error.requestId})` : said
  }
  return error instanceof Error ? error.message : String(error)
}

/** Everything that the platform found wrong, when it found more than one thing. */
export function faults(error: unknown): string[] {
  const found = error instanceof ApiError ? error.extra.errors : null
  if (!Array.isArray(found)) return []
  return found.flatMap((one: unknown) => {
    const message = one && typeof one === 'object' && 'message' in one ? one.message : null
    return typeof message === 'string' ? [message] : []
  })
}

export function complain(error: unknown): void {
  ElMessage({ type: 'error', message: explain(error), grouping: true, duration: 5000 })
}

export function confirmDone(message: string): void {
  ElMessage({ type: 'success', message, grouping: true })
}

export interface Loaded<T> {
  data: ShallowRef<T | null>
  error: Ref<unknown>
  loading: Ref<boolean>
  reload: () => Promise<void>
}

/** What is loaded; null where there is no such thing yet. */
export async function orNone<T>(loading: Promise<T>): Promise<T | null> {
  try {
    return await loading
  } catch (reason) {
    if (reason instanceof ApiError && reason.status === 404) return null
    throw reason
  }
}

/** Loads at once; a newer call makes the answer of an older one void. */
export function useLoad<T>(load: () => Promise<T>, immediately = true): Loaded<T> {
  const data = shallowRef<T | null>(null)
  const error = ref<unknown>(null)
  const loading = ref(immediately)
  let turn = 0
  onScopeDispose(() => turn++)
  async function reload(): Promise<void> {
    const mine = ++turn
    loading.value = true
    try {
      const answer = await load()
      if (mine !== turn) return
      data.value = answer
      error.value = null
    } catch (reason) {
      if (mine === turn) error.value = reason
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  if (immediately) void reload()
  return { data, error, loading, reload }
}

export interface Paged<T> {
  rows: T[]
  loading: boolean
  error: unknown
  page: number
  next: string | null
  /** From the first page again (after a change of the filters). */
  restart: () => Promise<void>
  /** The same page again. */
  reload: () => Promise<void>
  forward: () => Promise<void>
  back: () => Promise<void>
}

/** A list by cursor: the cursors of the pages gone through are kept for the way back. */
export function usePaged<T>(load: (cursor: string | null) => Promise<Page<T>>): Paged<T> {
  const cursors: (string | null)[] = [null]
  let turn = 0
  onScopeDispose(() => turn++)
  async function show(page: number): Promise<void> {
    const mine = ++turn
    paged.loading = true
    try {
      const answer = await load(cursors[page - 1] ?? null)
      if (mine !== turn) return
      paged.rows = answer.items
      paged.next = answer.next_cursor
      paged.page = page
      paged.error = null
    } catch (reason) {
      if (mine === turn) paged.error = reason
    } finally {
      if (mine === turn) paged.loading = false
    }
  }
  const paged = reactive({
    rows: [] as unknown[],
    loading: true,
    error: null as unknown,
    page: 1,
    next: null as string | null,
    restart: () => {
      cursors.length = 1
      return show(1)
    },
    reload: () => show(paged.page),
    forward: async () => {
      if (!paged.next) return
      cursors[paged.page] = paged.next
      await show(paged.page + 1)
    },
    back: async () => {
      if (paged.page > 1) await show(paged.page - 1)
    },
  }) as Paged<T>
  void show(1)
  return paged
}

export interface Command<A extends unknown[], R> {
  busy: Ref<boolean>
  /** The failure of the last attempt, to be shown in place. */
  error: Ref<unknown>
  clear: () => void
  /** The answer, or undefined when it failed (and `error` says why). */
  run: (...args: A) => Promise<R | undefined>
}

/**
 * A command with one idempotency key per attempt. When it stays unknown whether the attempt was carried out
 * (no answer, or a failure of the server), trying the same thing again uses the same key.
 */
export function useCommand<A extends unknown[], R>(send: (key: string, ...args: A) => Promise<R>): Command<A, R> {
  const busy = ref(false)
  const error = ref<unknown>(null)
  let unsure: { key: string; what: string } | null = null
  async function run(...args: A): Promise<R | undefined> {
    if (busy.value) return undefined
    const what = JSON.stringify(args)
    const key = unsure?.what === what ? unsure.key : newKey()
    busy.value = true
    error.value = null
    try {
      const answer = await send(key, ...args)
      unsure = null
      return answer
    } catch (reason) {
      error.value = reason
      unsure = reason instanceof ApiError && reason.uncertain ? { key, what } : null
      return undefined
    } finally {
      busy.value = false
    }
  }
  return { busy, error, clear: () => (error.value = null), run }
}
