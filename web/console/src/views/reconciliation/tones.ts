import type * as api from '@/api/reconciliation'
import type { Tone } from '@/components/StateTag.vue'

/** How a difference's state looks. */
export const toneOf = (state: string): Tone => (state === 'resolved' ? 'good' : state === 'open' ? 'bad' : 'wait')

/** How a day looks: reconciled, and nothing left to do. */
export const toneOfDay = (d: api.Day): Tone =>
  d.state === 'failed' || d.open_differences > 0 ? 'bad' : d.state === 'matched' ? 'good' : 'wait'
