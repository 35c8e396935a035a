import { defineConfig } from 'vite';

// The pages are served below /studio/ by `headrace serve`, under a policy that allows nothing inline: every asset is a file of its own.
export default defineConfig({
  base: '/studio/',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, cssCodeSplit: false, reportCompressedSize: false },
});
