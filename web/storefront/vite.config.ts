import uni from '@dcloudio/vite-plugin-uni'
import { defineConfig } from 'vite'

declare const process: { env: Record<string, string | undefined> }

// The development server answers the page itself and hands everything else to a running platform.
const platform = process.env.BIHUAN_PUBLIC_URL ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [uni()],
  server: {
    host: '127.0.0.1',
    proxy: { '/api': platform, '/media': platform },
  },
})
