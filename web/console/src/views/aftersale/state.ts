/** How a case stands, as the merchant and the platform read it. */
import { computed, onUnmounted, ref, type ComputedRef } from 'vue'
import type { Tone } from '@/components/StateTag.vue'
import type { Case, CaseState } from '@/api/aftersale'
import { named, t } from '@/i18n'

const tones: Record<CaseState, Tone> = {
  applied: 'wait',
  agreed: 'info',
  returning: 'info',
  received: 'info',
  refunding: 'info',
  completed: 'good',
  rejected: 'bad',
  withdrawn: 'off',
}

export const caseStates: CaseState[] = ['applied', 'agreed', 'returning', 'received', 'refunding', 'completed', 'rejected', 'withdrawn']

const ended = ['completed', 'rejected', 'withdrawn']

/** The state with whose turn it is: an application may wait for the shopper's answer, or for the platform. */
export function caseState(one: Case): { tone: Tone; text: string } {
  const tone = one.waiting_for === 'merchant' ? 'wait' : one.state === 'applied' ? 'info' : tones[one.state]
  const key =
    one.state === 'applied' && one.waiting_for !== 'merchant'
      ? one.waiting_for === 'platform' ? 'disputed' : 'proposed'
      : one.state === 'received' && one.kind === 'exchange' ? 'to_exchange' : one.state
  return { tone, text: named(t.aftersale.states, key) }
}

/** What comes next, in a sentence; nothing for a case that has ended. */
export function nextStep(one: Case): string {
  if (ended.includes(one.state)) return ''
  if (one.state === 'applied') return named(t.aftersale.next, one.waiting_for === 'merchant' ? 'applied' : one.waiting_for === 'platform' ? 'disputed' : 'proposed')
  return named(t.aftersale.next, one.kind === 'exchange' && one.state !== 'agreed' ? `${one.state}_exchange` : one.state)
}

/** Time until a moment, in its two largest units. */
export function left(until: string, now: number): string {
  const minutes = Math.max(0, Math.ceil((new Date(until).getTime() - now) / 60_000))
  const days = Math.floor(minutes / 1440)
  const hours = Math.floor((minutes % 1440) / 60)
  return days ? t.aftersale.leftDays(days, hours) : t.aftersale.leftHours(hours, minutes % 60)
}

/** Less than half a day is left, and it is the merchant who is waited for. */
export const pressing = (one: Case, now: number): boolean =>
  one.waiting_for === 'merchant' && one.due_at !== null && new Date(one.due_at).getTime() - now < 43_200_000

/** The present, moving on by the minute. */
export function useNow(): ComputedRef<number> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), 30_000)
  onUnmounted(() => clearInterval(timer))
  return computed(() => now.value)
}
