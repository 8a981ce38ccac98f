import { fileURLToPath } from 'node:url';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * One entry per `--mode`: `wallet` (the app's window), `bridge` (the same screens in a browser,
 * talking to the same core over loopback) and `station` (the clinic's page).
 * No inline script anywhere, so that `script-src 'self'` holds.
 */
export default defineConfig(({ mode }) => {
  const name = mode === 'station' || mode === 'bridge' ? mode : 'wallet';
  const entry = name === 'station' ? 'station' : 'wallet';
  return {
    root: at(`./src/${entry}`),
    base: './',
    publicDir: false,
    define: { __BRIDGE__: JSON.stringify(name === 'bridge') },
    plugins: [
      paraglideVitePlugin({
        project: at('./project.inlang'),
        outdir: at('./src/paraglide'),
        strategy: ['preferredLanguage', 'baseLocale'],
        emitReadme: false,
        emitPrettierIgnore: false
      }),
      svelte({ configFile: at('./svelte.config.js') })
    ],
    build: {
      outDir: at(`./dist/${name}`),
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false
    },
    server: { port: 1420, strictPort: true, host: '127.0.0.1' },
    clearScreen: false
  };
});
