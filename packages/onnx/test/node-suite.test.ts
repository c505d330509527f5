import '@tensorflow/tfjs-backend-cpu';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { casesOf, outcomeOf, suiteFolder } from './node-suite.js';

const table = new URL('node-suite.json', import.meta.url);
/** Cases that do not pass, with the reason; every other one of the suite does. */
const known = JSON.parse(readFileSync(table, 'utf8')) as Record<string, string>;
const parts = ['node', 'pytorch-operator', 'pytorch-converted', 'simple'];

if (!existsSync(suiteFolder)) console.warn(`No test suite of ONNX at ${suiteFolder}: apt-get install libonnx-testdata`);

afterAll(() => tf.setBackend('cpu').then(() => undefined));

describe.runIf(existsSync(suiteFolder)).each(['cpu', 'onnxruntime'])("ONNX's own suite on %s", (backend) => {
  it.each(parts)(
    '%s: each case ends as the table says',
    async (part) => {
      if (!tf.findBackend(backend)) registerOnnxRuntime({ threads: 1, maxSessions: 8 });
      await tf.setBackend(backend);
      const found: Record<string, string> = {};
      for (const each of casesOf(part)) {
        const outcome = await outcomeOf(each);
        if (outcome !== 'pass') found[`${part}/${each.name}`] = outcome;
      }
      const wanted = Object.fromEntries(Object.entries(known).filter(([name]) => name.startsWith(`${part}/`)));
      if (process.env.ADVROB_ONNX_WRITE && backend === 'cpu') return write(part, found);
      expect(found).toEqual(wanted);
    },
    300_000,
  );
});

/** `ADVROB_ONNX_WRITE=1`: the table as it now is, to be read before it is committed. */
function write(part: string, found: Record<string, string>): void {
  const others = Object.entries(JSON.parse(readFileSync(table, 'utf8')) as Record<string, string>).filter(
    ([name]) => !name.startsWith(`${part}/`),
  );
  const all = Object.fromEntries([...others, ...Object.entries(found)].sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(table, `${JSON.stringify(all, null, 2)}\n`);
}
