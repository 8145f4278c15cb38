import { miniProgramFrame } from '@/composables/frame'
import { apiBase } from '@/composables/merchant'
import { locale, t } from '@/i18n'

import { ApiError } from './errors'

type Query = Record<string, string | number | null | undefined>

export interface RequestOptions {
  query?: Query
  body?: object
  /** Sent as Idempotency-Key; keep it for every retry of the same intent. */
  idempotencyKey?: string
  /** A 401 is an answer, not a reason to go and sign in. */
  quiet?: boolean
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

const TIMEOUT_MS = 15_000
// Frames of one window share their storage; each mini program and shopper keeps a token of their own.
const TOKEN_KEY = miniProgramFrame ? `bihuan.token.${miniProgramFrame}` : 'bihuan.token'

/** Signs the shopper in; resolves when a retry makes sense, never resolves when the page is being left. */
let signIn: () => Promise<void> = () => Promise.reject(new ApiError('sign_in_required', 401, t('error.signIn')))

/** Session wires the sign-in here, which keeps this module free of it. */
export function onSignInRequired(handler: () => Promise<void>): void {
  signIn = handler
}

export function storeToken(token: string | null): void {
  if (token) uni.setStorageSync(TOKEN_KEY, token)
  else uni.removeStorageSync(TOKEN_KEY)
}

export function hasToken(): boolean {
  return Boolean(uni.getStorageSync(TOKEN_KEY))
}

function withQuery(path: string, query: Query | undefined): string {
  const pairs = Object.entries(query ?? {})
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  return pairs.length ? `${path}?${pairs.join('&')}` : path
}

function headers(options: RequestOptions): Record<string, string> {
  const result: Record<string, string> = { 'Accept-Language': locale.value === 'en' ? 'en' : 'zh-CN' }
  // The content type goes only with a body: on a GET it would make the H5 ask for leave first.
  if (options.body) result['Content-Type'] = 'application/json'
  if (options.idempotencyKey) result['Idempotency-Key'] = options.idempotencyKey
  const token = uni.getStorageSync(TOKEN_KEY) as string
  if (token) result.Authorization = `Bearer ${token}`
  return result
}

function problem(status: number, data: unknown): ApiError {
  let members: Record<string, unknown> = {}
  if (typeof data === 'object' && data !== null) members = data as Record<string, unknown>
  else if (typeof data === 'string') {
    try {
      members = JSON.parse(data) as Record<string, unknown>
    } catch {
      // Not from the platform: a proxy's page; the status alone must do.
    }
  }
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const fallback = status === 429 ? t('error.busy') : status >= 500 ? t('error.server') : t('error.unknown')
  const message = text(members.detail) || text(members.title) || fallback
  return new ApiError(text(members.code) || `http_${status}`, status, message, members, text(members.request_id))
}

function send<T>(method: Method, path: string, options: RequestOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    uni.request({
      url: apiBase + withQuery(path, options.query),
      method,
      data: options.body,
      header: headers(options),
      timeout: TIMEOUT_MS,
      withCredentials: true,
      success: (answer) => {
        if (answer.statusCode >= 200 && answer.statusCode < 300) resolve(answer.data as T)
        else reject(problem(answer.statusCode, answer.data))
      },
      fail: () => reject(new ApiError('network', 0, t('error.network'))),
    })
  })
}

/** One call of the platform. Signs in and tries once more when the answer is 401 `sign_in_required`. */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  try {
    return await send<T>(method, path, options)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    storeToken(null)
    if (options.quiet) throw error
    await signIn()
    return send<T>(method, path, options)
  }
}

/** How an upload shows whose it is, where there is no cookie. */
export function authorization(): Record<string, string> {
  const token = uni.getStorageSync(TOKEN_KEY) as string
  return token ? { Authorization: `Bearer ${token}` } : {}
}

/** A fresh Idempotency-Key: 32 characters. */
export function newKey(): string {
  let key = ''
  while (key.length < 32) key += Math.random().toString(36).slice(2)
  return key.slice(0, 32)
}
