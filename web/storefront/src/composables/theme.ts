import { computed, ref, watch } from 'vue'

import { getHome } from '@/api/catalog'
import type { Merchant } from '@/api/types'

import { merchantCode } from './merchant'

const DEFAULT_ACCENT = '#256b5b'
const INK = '#1d1f23'

type Rgb = [number, number, number]

function parse(colour: string): Rgb {
  const match = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour.trim())
  if (!match) return parse(DEFAULT_ACCENT)
  return [parseInt(match[1], 16), parseInt(match[2], 16), parseInt(match[3], 16)]
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const share = value / 255
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const hex = (colour: Rgb): string => '#' + colour.map((v) => Math.round(v).toString(16).padStart(2, '0')).join('')

const mix = (colour: Rgb, other: Rgb, share: number): Rgb =>
  colour.map((value, i) => value * (1 - share) + other[i] * share) as Rgb

/** Darkens until text of this colour is readable on white (4.5 : 1). */
function readable(colour: Rgb): Rgb {
  let result = colour
  for (let step = 0; step < 12 && 1.05 / (luminance(result) + 0.05) < 4.5; step++) result = mix(result, [0, 0, 0], 0.12)
  return result
}

/** The custom properties that a merchant's theme colour decides. */
export function themeProperties(accent: string): Record<string, string> {
  const colour = parse(accent)
  return {
    '--accent': hex(colour),
    '--accent-ink': 1.05 / (luminance(colour) + 0.05) >= 3 ? '#ffffff' : INK,
    '--accent-deep': hex(readable(colour)),
    '--accent-soft': hex(mix(colour, [255, 255, 255], 0.9)),
    '--accent-mist': hex(mix(colour, [246, 245, 242], 0.82)),
    '--accent-night': hex(mix(colour, [18, 20, 24], 0.62)),
  }
}

const storageKey = (): string => `bihuan.merchant.${merchantCode.value}`

/** The open shop's own card: known at once on a second visit, refreshed by the home page. */
export const merchant = ref<Merchant | null>((uni.getStorageSync(storageKey()) as Merchant) || null)

export function rememberMerchant(value: Merchant): void {
  merchant.value = value
  uni.setStorageSync(storageKey(), value)
}

/** Fetches the shop's card for a page that was opened without passing by the home page. */
export async function ensureMerchant(): Promise<void> {
  if (merchant.value?.code === merchantCode.value) return
  try {
    rememberMerchant((await getHome()).merchant)
  } catch {
    // The page shows its own error; without the card only the colour is the default one.
  }
}

watch(merchantCode, () => {
  merchant.value = (uni.getStorageSync(storageKey()) as Merchant) || null
})

const properties = computed(() => themeProperties(merchant.value?.theme_color || DEFAULT_ACCENT))

/** Style of a page's root element. */
export const themeStyle = computed(() =>
  Object.entries(properties.value)
    .map(([name, value]) => `${name}:${value}`)
    .join(';'),
)

export const accentColour = computed(() => properties.value['--accent-deep'])

// #ifdef H5
watch(
  properties,
  (values) => {
    // Outside the page's root too: the desktop's background and uni's own tab bar.
    for (const [name, value] of Object.entries(values)) document.documentElement.style.setProperty(name, value)
  },
  { immediate: true },
)
// #endif
