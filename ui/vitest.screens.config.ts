import { defineConfig } from 'vitest/config';

/** Looks at the built screens in a real browser; wants `npm run build:bridge` before. */
export default defineConfig({ test: { include: ['tests/**/*.test.ts'], environment: 'node', testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false } });
