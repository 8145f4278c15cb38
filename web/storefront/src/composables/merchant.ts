import { ref } from 'vue'

interface ExtConfig {
  api_base?: string
  merchant?: string
}

function extConfig(): ExtConfig {
  // A mini program published for one merchant by a service provider carries its settings in ext.json.
  let config: ExtConfig = {}
  // #ifdef MP-WEIXIN
  config = (uni.getExtConfigSync?.() ?? {}) as ExtConfig
  // #endif
  return config
}

function initialMerchant(): string {
  let code = extConfig().merchant || import.meta.env.VITE_MERCHANT || 'qingshan'
  // #ifdef H5
  code = /^\/shop\/([^/]+)/.exec(window.location.pathname)?.[1] ?? code
  // #endif
  return code
}

function initialApiBase(): string {
  let base = extConfig().api_base || import.meta.env.VITE_API_BASE || 'http://127.0.0.1:8000'
  // #ifdef H5
  base = window.location.origin
  // #endif
  return base.replace(/\/+$/, '')
}

/** Code of the merchant whose shop is open. */
export const merchantCode = ref(initialMerchant())

/** Origin of the platform, without a trailing slash. */
export const apiBase = initialApiBase()

/** Takes the merchant from a mini program's launch query (`m`), as its codes and shares carry it. */
export function openMerchant(code: string | undefined): void {
  if (code && /^[a-z0-9_-]{1,40}$/.test(code)) merchantCode.value = code
}

/** Full address of a picture; the mini program has no origin to resolve against. */
export function assetUrl(url: string | null | undefined): string {
  if (!url) return ''
  return url.startsWith('/') && !url.startsWith('//') ? apiBase + url : url
}
