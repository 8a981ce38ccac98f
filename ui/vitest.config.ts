import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte({ configFile: './svelte.config.js' })],
  test: { include: ['src/**/*.test.ts'], environment: 'node', server: { deps: { inline: ['@lucide/svelte'] } } }
});
