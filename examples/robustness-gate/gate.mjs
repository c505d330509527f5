// Fails a build when robust accuracy drops below a bound: node gate.mjs --at-least 0.5 [--model model/weights.safetensors]
import { main } from '@advrob/cli';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    'at-least': { type: 'string' },
    model: { type: 'string', default: 'model/weights.safetensors' },
    epsilon: { type: 'string', default: '0.1' },
  },
});
const bound = Number(values['at-least']);
if (!(bound > 0 && bound < 1)) throw new Error('--at-least wants a share between 0 and 1');

const folder = await mkdtemp(join(tmpdir(), 'gate-'));
const flags = ['--model', values.model, '--epsilon', values.epsilon, '--attack', 'pgd', '--take', '200', '--checks'];
const code = await main(['evaluate', ...flags, '--out', folder]);
if (code !== 0) process.exit(code);
const { models, checks } = JSON.parse(await readFile(join(folder, 'record.json'), 'utf8'));
await rm(folder, { recursive: true });

// The upper end of the interval: a bound that the data could still meet does not fail the build.
const { rate, interval } = models[0].robust;
const masked = checks.filter(({ severity, kind }) => severity === 'serious' && kind === 'cause');
console.log(`robust ${(100 * rate).toFixed(1)}% [${interval.map((end) => (100 * end).toFixed(1)).join(', ')}]`);
for (const { name, meaning } of masked) console.log(`too good to be true: ${name}. ${meaning}`);
process.exitCode = interval[1] < bound || masked.length > 0 ? 1 : 0;
