import { ref } from 'vue'

import { ApiError } from '@/api/errors'
import { hasToken, onSignInRequired, storeToken } from '@/api/http'
import { deleteSession, getSession, loginMiniProgram } from '@/api/session'
import type { Shopper } from '@/api/types'
import { t } from '@/i18n'

import { miniProgramFrame } from './frame'
import { atDesk } from './desk'
import { merchantCode } from './merchant'
import { reportTouchpoint } from './touchpoint'
import { loginInFrame } from './wechat'

/** Who is signed in: undefined while unknown, null when nobody is. */
export const shopper = ref<Shopper | null | undefined>(undefined)

function signedIn(value: Shopper): void {
  shopper.value = value
  void reportTouchpoint()
}

let checking: Promise<Shopper | null> | null = null

/** Learns who is signed in without asking anybody to sign in. */
export function checkSession(): Promise<Shopper | null> {
  checking ??= getSession(true)
    .then((answer) => {
      signedIn(answer.shopper)
      return answer.shopper
    })
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 401) shopper.value = null
      return null
    })
    .finally(() => {
      checking = null
    })
  return checking
}

export async function signOut(): Promise<void> {
  await deleteSession()
  storeToken(null)
  shopper.value = null
}

// #ifdef H5
const REDIRECT_KEY = 'bihuan.sign-in'
const REDIRECT_WINDOW_MS = 15_000

/** At a desk the phone signs in, by a code that is shown here. */
async function askPhone(): Promise<void> {
  const { signInAtDesk } = await import('@/desktopSignIn')
  signedIn(await signInAtDesk())
}

/** Leaves for WeChat's sign-in page and comes back here. Refuses the third try in a row: it would go on for ever. */
function leaveForWeChat(): Promise<void> {
  if (atDesk()) return askPhone()
  const now = Date.now()
  const tries = (JSON.parse(sessionStorage.getItem(REDIRECT_KEY) ?? '[]') as number[]).filter(
    (at) => now - at < REDIRECT_WINDOW_MS,
  )
  if (tries.length >= 2) {
    sessionStorage.removeItem(REDIRECT_KEY)
    return Promise.reject(new ApiError('sign_in_failed', 401, t('error.signInFailed')))
  }
  sessionStorage.setItem(REDIRECT_KEY, JSON.stringify([...tries, now]))
  const { pathname, search, hash } = window.location
  const next = encodeURIComponent(pathname + search + hash)
  // In place of this page: going back later must not come upon it unsigned, with what has been bought since.
  window.location.replace(`/api/shop/${merchantCode.value}/wechat/authorize?next=${next}`)
  // The page is being left: nothing after this may run, or an error would flash up.
  return new Promise<void>(() => undefined)
}
// #endif

let loggingIn: Promise<void> | null = null

function loginCode(): Promise<string> {
  let ask: () => Promise<string> = loginInFrame
  // #ifdef MP-WEIXIN
  ask = () =>
    new Promise((resolve, reject) => {
      uni.login({ success: (answer) => resolve(answer.code), fail: reject })
    })
  // #endif
  return ask().catch(() => Promise.reject(new ApiError('sign_in_failed', 401, t('error.signInFailed'))))
}

async function loginByCode(): Promise<void> {
  const login = await loginMiniProgram(await loginCode())
  storeToken(login.token)
  signedIn(login.shopper)
}

/** Signs in by WeChat; calls that need it at the same time share one sign-in. */
export function signIn(): Promise<void> {
  let begin: () => Promise<void> = () => Promise.reject(new ApiError('sign_in_failed', 401, t('error.signInFailed')))
  // #ifdef H5
  begin = miniProgramFrame ? loginByCode : leaveForWeChat
  // #endif
  // #ifdef MP-WEIXIN
  begin = loginByCode
  // #endif
  loggingIn ??= begin().finally(() => {
    loggingIn = null
  })
  return loggingIn
}

/** Called once when the app starts. */
export function startSession(): void {
  onSignInRequired(signIn)
  let known = miniProgramFrame ? hasToken() : true
  // #ifdef MP-WEIXIN
  known = hasToken()
  // #endif
  if (known) void checkSession()
  else shopper.value = null
}

