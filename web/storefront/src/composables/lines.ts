import type { LineRequest } from '@/api/types'

/**
 * What is being bought, as a page's address carries it: it must be there, not in memory, because signing in leaves
 * the page. `sku_2~sku_1`: nothing in it needs escaping, which pages of the two platforms undo differently.
 */
export const writeLines = (lines: LineRequest[]): string => lines.map((line) => `${line.sku_id}_${line.quantity}`).join('~')

export function parseLines(text: string): LineRequest[] {
  return text
    .split('~')
    .map((part) => part.split('_'))
    .filter(([id, quantity]) => id && Number(quantity) > 0)
    .map(([id, quantity]) => ({ sku_id: id, quantity: Math.floor(Number(quantity)) }))
}
