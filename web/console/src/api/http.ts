/** The one way in which the console talks to the platform: JSON, problem details, idempotency keys. */
import { lang } from '@/i18n'

export type Query = Record<string, string | number | boolean | null | undefined>

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

/** Anything that went wrong: `status` 0 means that no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(detail || title)
  }

  get requestId(): string {
    return typeof this.extra.request_id === 'string' ? this.extra.request_id : ''
  }

  /** Whether the command may or may not have been carried out (so that the same key must be used again). */
  get uncertain(): boolean {
    return this.status === 0 || this.status >= 500
  }
}

const onSignedOut: (() => void)[] = []

/** Calls `run` whenever the platform says that the session is over. */
export function whenSignedOut(run: () => void): void {
  onSignedOut.push(run)
}

export function queryString(query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== '')
  if (pairs.length === 0) return ''
  return '?' + pairs.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(String(v))}`).join('&')
}

export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

async function problemOf(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {}
  try {
    body = (await response.json()) as Record<string, unknown>
  } catch {
    // Not ours: a proxy's page, or nothing at all.
  }
  const text = (key: string): string => (typeof body[key] === 'string' ? body[key] : '')
  return new ApiError(
    response.status,
    text('code') || `http_${response.status}`,
    text('title') || response.statusText || `HTTP ${response.status}`,
    text('detail'),
    body,
  )
}

interface Sent {
  query?: Query
  body?: unknown
  key?: string
  signal?: AbortSignal
}

async function send<T>(method: string, path: string, sent: Sent): Promise<T> {
  const response = await answerOf(method, path, sent)
  if (response.status === 204 || response.headers.get('content-length') === '0') return undefined as T
  return (await response.json()) as T
}

async function answerOf(method: string, path: string, { query, body, key, signal }: Sent): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': lang.value }
  if (key) headers['Idempotency-Key'] = key
  let payload: BodyInit | undefined
  if (body instanceof FormData) payload = body
  else if (body !== undefined) {
    headers['Content-Type'] = 'application/json'
    payload = JSON.stringify(body)
  }
  let response: Response
  try {
    response = await fetch(path + queryString(query), {
      method,
      headers,
      body: payload,
      credentials: 'same-origin',
      signal,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'unreachable', '', '')
  }
  if (!response.ok) {
    const problem = await problemOf(response)
    if (problem.status === 401 && problem.code === 'sign_in_required') onSignedOut.forEach((run) => run())
    throw problem
  }
  return response
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  send<T>('GET', path, { query, signal })

/** A file that the platform makes, or the problem why it cannot. */
export const getFile = async (path: string): Promise<Blob> => (await answerOf('GET', path, {})).blob()

/** A command. Without a key it gets one of its own: pass one to be able to try the same attempt again. */
export const post = <T>(path: string, body?: unknown, key: string = newKey()): Promise<T> =>
  send<T>('POST', path, { body: body ?? {}, key })

export const put = <T>(path: string, body: unknown, key: string = newKey()): Promise<T> =>
  send<T>('PUT', path, { body, key })

export const del = <T = undefined>(path: string, key: string = newKey()): Promise<T> => send<T>('DELETE', path, { key })

export const upload = <T>(path: string, file: File, key: string = newKey()): Promise<T> => {
  const form = new FormData()
  form.append('file', file)
  return send<T>('POST', path, { body: form, key })
}
