/** How a case's state is coloured. */
import type { Tone } from '@/components/StateTag.vue'
import type { CaseState } from '@/api/aftersale'

export const tones: Record<CaseState, Tone> = {
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
