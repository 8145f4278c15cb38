/// <reference types="vite/client" />

declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent<Record<string, never>, Record<string, never>, unknown>
  export default component
}

interface ImportMetaEnv {
  /** Origin of the platform for the mini program; the H5 uses its own origin. */
  readonly VITE_API_BASE?: string
  /** Code of the merchant the mini program opens when neither its ext config nor the launch query names one. */
  readonly VITE_MERCHANT?: string
}
