import { parseRecord } from '@advrob/evaluation';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandLine, type Ended } from './command-line.js';

/**
 * Stands in for `@tensorflow/tfjs-node`, whose native library comes from a host that tests must not
 * need: a backend called `tensorflow`, made of the plain JavaScript one. It shows that the package
 * is found, when it is loaded, and that it computes; not that the real one works.
 */
const standIn = `
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const tf = require('@tensorflow/tfjs-core');
const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu');
writeFileSync(join(__dirname, 'imported'), '');
class StandIn extends MathBackendCPU {
  write(values, shape, dtype) {
    writeFileSync(join(__dirname, 'used'), '');
    return super.write(values, shape, dtype);
  }
}
tf.registerBackend('tensorflow', () => new StandIn(), 3);
tf.copyRegisteredKernels('cpu', 'tensorflow');
`;

let folder = '';
let place = '';
const advrob = (...args: string[]): Promise<Ended> => runCommandLine(folder, args);

async function install(name: string, code: string): Promise<string> {
  const path = join(folder, 'node_modules', name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'package.json'), JSON.stringify({ name, version: '4.22.0', main: 'index.js' }));
  await writeFile(join(path, 'index.js'), code);
  return path;
}

beforeAll(async () => {
  // The real path, as Node reports it: a temporary folder may lie behind a link.
  folder = realpathSync(await mkdtemp(join(tmpdir(), 'advrob-backend-')));
  place = await install('@tensorflow/tfjs-node', standIn);
  const require = createRequire(import.meta.url);
  for (const name of ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'])
    await symlink(dirname(require.resolve(`${name}/package.json`)), join(folder, 'node_modules', name));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('is not loaded unless it is asked for', async () => {
  expect((await advrob('list', 'attacks')).code).toBe(0);
  const args = [
    '--architecture',
    'mlp',
    '--set',
    'mlp.hidden=[8]',
    '--steps',
    '2',
    '--take',
    '128',
    '--out',
    'default',
  ];
  expect((await advrob('train', ...args)).code).toBe(0);
  expect(existsSync(join(place, 'imported'))).toBe(false);
}, 60_000);

it.each(['node', 'tensorflow'])(
  "is found from the user's folder, loaded and used with --backend %s",
  async (name) => {
    await rm(join(place, 'used'), { force: true });
    const flags = ['--model', 'default/weights.safetensors', '--take', '10', '--epsilon', '0.1', '--attack', 'pgd'];
    const ended = await advrob('evaluate', ...flags, '--set', 'steps=2', '--backend', name, '--out', name);
    // Progress, and that two steps of training are none; nothing of a backend.
    expect(ended.stderr).toMatch(/^(default: .*\n|warning: default: the clean accuracy.*\n)*$/);
    expect(ended.code).toBe(0);
    expect(existsSync(join(place, 'used'))).toBe(true);
    expect(parseRecord(await readFile(join(folder, name, 'record.json'), 'utf8')).environment.backend).toBe(
      'tensorflow',
    );
  },
  60_000,
);

it('says how to install the one that is missing, and what to do where the native library is', async () => {
  const flags = ['--model', 'default/weights.safetensors', '--epsilon', '0.1', '--attack', 'pgd', '--out', 'x'];
  const missing = await advrob('evaluate', ...flags, '--backend', 'tensorflow-gpu');
  expect(missing.stderr).toContain('npm install @tensorflow/tfjs-node-gpu');
  expect(missing.code).toBe(1);
  await install(
    '@tensorflow/tfjs-node-gpu',
    "throw new Error('The specified module could not be found: tfjs_binding.node');",
  );
  const broken = await advrob('evaluate', ...flags, '--backend', 'node-gpu');
  expect(broken.stderr).toMatch(/failed to load: The specified module.*npm rebuild @tensorflow\/tfjs-node-gpu/);
  expect(broken.code).toBe(1);
}, 60_000);

it('a package that it needs and lacks is not mistaken for itself', async () => {
  await install('@tensorflow/tfjs-node-gpu', "require('node-pre-gyp-of-nobody');");
  const flags = ['--model', 'default/weights.safetensors', '--epsilon', '0.1', '--attack', 'pgd', '--out', 'x'];
  const broken = await advrob('evaluate', ...flags, '--backend', 'node-gpu');
  expect(broken.stderr).toContain("Cannot find module 'node-pre-gyp-of-nobody'");
  expect(broken.stderr).not.toContain('is not installed in this folder');
}, 60_000);
