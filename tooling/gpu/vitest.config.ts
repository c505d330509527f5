import { existsSync } from 'node:fs';
import { defineConfig, mergeConfig } from 'vitest/config';
import shared from '../../vitest.config.js';

/** The GPU in software that Debian's Chromium brings: slow, but it computes what a card computes. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
const isChosen = process.env.VK_DRIVER_FILES !== undefined || process.env.VK_ICD_FILENAMES !== undefined;
const env: Record<string, string> =
  !isChosen && existsSync(swiftShader)
    ? {
        VK_DRIVER_FILES: swiftShader,
        VK_ICD_FILENAMES: swiftShader,
        XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? '/tmp',
      }
    : {};

/** `pnpm test:gpu`: what only a GPU can tell, by ONNX Runtime's WebGPU provider, which `npm test` does not need. */
const config = mergeConfig(shared, defineConfig({ test: { env, testTimeout: 180_000, hookTimeout: 300_000 } }));
// Not the projects of all other tests.
config.test!.projects = [{ extends: true, test: { name: 'gpu', include: ['tooling/gpu/**/*.gpu.ts'] } }];
export default config;
