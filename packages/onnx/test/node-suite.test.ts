import '@tensorflow/tfjs-backend-cpu';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { gradientOutcome } from './node-gradients.js';
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

/** Roundings on the way, whose straight-through gradient no difference shows. */
const staircases = /dynamicquantizelinear|qlinearmatmul/;
/** Longer than all others together: tens of thousands of values through plain loops. */
const isLong = /nllloss_NCd1d2d3d4d5_.*expanded|MaxPool1d_stride_padding_dilation|MaxPool2d_stride_padding_dilation/;

it.runIf(existsSync(suiteFolder))(
  'gradients of its cases are those of central differences',
  async () => {
    await tf.setBackend('cpu');
    const found: Record<string, string> = {};
    const counts: Record<string, number> = {};
    const cases = parts.flatMap((part) => casesOf(part)).filter(({ name }) => !isLong.test(name));
    for (const each of cases) {
      const outcome = await gradientOutcome(each);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      const isTold = /^(agrees|none|refused|outside)$/.test(outcome) || staircases.test(each.name);
      if (!isTold) found[each.name] = outcome;
    }
    expect(found).toEqual({});
    expect(counts).toMatchObject({ agrees: 718, none: 127, outside: 20 });
  },
  300_000,
);

/** `ADVROB_ONNX_WRITE=1`: the table as it now is, to be read before it is committed. */
function write(part: string, found: Record<string, string>): void {
  const others = Object.entries(JSON.parse(readFileSync(table, 'utf8')) as Record<string, string>).filter(
    ([name]) => !name.startsWith(`${part}/`),
  );
  const all = Object.fromEntries([...others, ...Object.entries(found)].sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(table, `${JSON.stringify(all, null, 2)}\n`);
}
