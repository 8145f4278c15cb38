/** Who is signed in. Restored from the cookie at start; `unknown` until the platform has answered. */
import { reactive } from 'vue'
import * as api from '@/api/session'
import { ApiError, whenSignedOut } from '@/api/http'
import type { Session } from '@/api/types'

interface State {
  status: 'unknown' | 'in' | 'out' | 'unreachable'
  session: Session | null
}

export const state = reactive<State>({ status: 'unknown', session: null })

whenSignedOut(() => {
  state.session = null
  state.status = 'out'
})

export async function restore(): Promise<void> {
  try {
    state.session = await api.current()
    state.status = 'in'
  } catch (error) {
    if (error instanceof ApiError && error.uncertain) state.status = 'unreachable'
    else state.status = 'out'
  }
}

export async function signIn(login: string, password: string): Promise<void> {
  state.session = await api.signIn(login, password)
  state.status = 'in'
}

export async function signOut(): Promise<void> {
  try {
    await api.signOut()
  } finally {
    state.session = null
    state.status = 'out'
  }
}

/** Whether the person may do one of these; nothing asked means everybody may. */
export function may(...permissions: string[]): boolean {
  const session = state.session
  if (!session) return false
  if (permissions.length === 0 || session.permissions.includes('*')) return true
  return permissions.some((p) => session.permissions.includes(p))
}
