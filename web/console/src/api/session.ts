import { del, get, post, type Page, type Query } from './http'
import type { Session, SignInAttempt } from './types'

export const current = (): Promise<Session> => get('/api/merchant/session')

export const signIn = (login: string, password: string): Promise<Session> =>
  post('/api/merchant/session', { login, password })

export const signOut = (): Promise<void> => del('/api/merchant/session')

export const changePassword = (old_password: string, new_password: string, key: string): Promise<void> =>
  post('/api/merchant/password', { old_password, new_password }, key)

/** One's own attempts, or those of all the merchant's people. */
export const signIns = (query: Query): Promise<Page<SignInAttempt>> => get('/api/merchant/sign-ins', query)
