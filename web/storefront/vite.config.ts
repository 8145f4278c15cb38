import uni from '@dcloudio/vite-plugin-uni'
import { defineConfig, type Plugin } from 'vite'

declare const process: { env: Record<string, string | undefined> }

// The development server answers the page itself and hands everything else to a running platform.
const platform = process.env.BIHUAN_PUBLIC_URL ?? 'http://127.0.0.1:8000'

/** Leaves out of uni's H5 runtime what this shop does not use: the first visit downloads all of that runtime. */
const leanRuntime: Plugin = {
  name: 'bihuan:lean-runtime',
  enforce: 'post',
  config: () =>
    process.env.UNI_PLATFORM === 'h5'
      ? {
          define: {
            __UNI_FEATURE_I18N_ES__: false,
            __UNI_FEATURE_I18N_FR__: false,
            __UNI_FEATURE_I18N_ZH_HANT__: false,
            __UNI_FEATURE_WXS__: false,
            __UNI_FEATURE_LONGPRESS__: false,
          },
        }
      : {},
}

export default defineConfig({
  plugins: [uni(), leanRuntime],
  server: {
    host: '127.0.0.1',
    proxy: { '/api': platform, '/media': platform },
  },
})
