/** Whether a step needs a colleague's approval here, and what she typed. */
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import type { Approval } from '@/api/till'
import { may } from '@/state/session'

export interface Asking {
  needed: boolean
  typed: Ref<Approval>
  /** What to send: null when the person may do it herself. */
  given: ComputedRef<Approval | null>
  complete: ComputedRef<boolean>
  forget: () => void
}

export function useApproval(permission: string): Asking {
  const needed = !may(permission)
  const typed = ref<Approval>({ login: '', password: '' })
  return {
    needed,
    typed,
    given: computed(() => (needed ? { login: typed.value.login.trim(), password: typed.value.password } : null)),
    complete: computed(() => !needed || (typed.value.login.trim() !== '' && typed.value.password !== '')),
    forget: () => (typed.value = { login: '', password: '' }),
  }
}
