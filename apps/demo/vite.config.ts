import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const mswLib = dirname(createRequire(import.meta.url).resolve('msw'))

export default defineConfig({
  root: 'page',
  plugins: [
    react(),
    {
      name: 'service-worker',
      writeBundle: ({ dir }) =>
        copyFileSync(join(mswLib, '../mockServiceWorker.js'), join(dir as string, 'mockServiceWorker.js')),
    },
  ],
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    chunkSizeWarningLimit: 1_000,
    modulePreload: { polyfill: false },
  },
})
