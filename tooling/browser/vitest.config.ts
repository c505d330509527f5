import { defineConfig, mergeConfig } from 'vitest/config';
import shared from '../../vitest.config.js';

/** `pnpm test:browser`: what only a browser can tell. Needs Chromium, which `npm test` does not. */
const config = mergeConfig(shared, defineConfig({ test: { hookTimeout: 180_000 } }));
// Not the projects of all other tests.
config.test!.projects = [{ extends: true, test: { name: 'browser', include: ['tooling/browser/**/*.browser.ts'] } }];
export default config;
