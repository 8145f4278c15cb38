/** How a complaint stands, and until when something is due. */
import type { Complaint } from '@/api/complaints'
import type { Tone } from '@/components/StateTag.vue'
import { named, t } from '@/i18n'

export function complaintState(one: Complaint): { tone: Tone; text: string } {
  if (one.state === 'processing' && one.waits) return { tone: 'wait', text: named(t.complaints.states, 'waits') }
  const tones: Record<Complaint['state'], Tone> = { pending: 'wait', processing: 'info', processed: 'good' }
  return { tone: tones[one.state], text: named(t.complaints.states, one.state) }
}

function span(milliseconds: number): string {
  const minutes = Math.max(0, Math.ceil(milliseconds / 60_000))
  if (minutes < 2880) return t.complaints.hours(Math.floor(minutes / 60), minutes % 60)
  return t.complaints.days(Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60))
}

export function remaining(until: string, now: number): string {
  const left = new Date(until).getTime() - now
  return left >= 0 ? t.complaints.left(span(left)) : t.complaints.late(span(-left))
}

/** What is due next, and how much of its time is left. */
export function due(one: Complaint, now: number): { text: string; pressing: boolean } | null {
  const until = one.answer_by ?? one.finish_by
  if (!until) return null
  const text = remaining(until, now)
  const pressing = new Date(until).getTime() - now < 21_600_000
  return { text: one.answer_by ? t.complaints.answerIn(text) : t.complaints.finishIn(text), pressing }
}

/** What the merchant has to do, in a sentence. */
export function nextStep(one: Complaint): string {
  if (one.state === 'processed' && !one.waits) return ''
  if (!one.answered_at) return t.complaints.next.answer
  if (one.state === 'pending') return t.complaints.next.answerAgain
  return one.waits ? t.complaints.next.answerMore : t.complaints.next.finish
}
