import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Certifier, CertifyResult, Verdict } from '../contract/index.js';
import { defineCertifier } from '../define.js';
import { certifierContract } from './certifier-contract.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const options = z.strictObject({});

/** Exact for the linear model of the contract in L2, by its scores; `change` spoils a result. */
function exact(change: (result: CertifyResult, rows: number) => CertifyResult = (result) => result): Certifier {
  return defineCertifier({
    name: 'exact',
    summary: 'Exact.',
    norms: ['l2'],
    radii: true,
    options,
    statement: () => ({ kind: 'deterministic', of: 'model', rounding: 'none', text: 'Exact.' }),
    async certify({ model, x, y, threat }) {
      const scores = tf.tidy(() => model.logits(x));
      const [values, labels] = [await scores.data(), await y.data()];
      scores.dispose();
      const radius = Float64Array.from(labels, (label, i) => {
        const margin = (values[2 * i]! - values[2 * i + 1]!) * (label === 0 ? 1 : -1);
        return margin / Math.hypot(0.6, 1.1, 0.4);
      });
      return change(
        {
          verdicts: Array.from(radius, (value): Verdict => (value >= threat.epsilon ? 'certified' : 'falsified')),
          prediction: Int32Array.from(labels),
          radius: radius.map((value) => Math.max(0, value)),
          margin: null,
          counterexamples: null,
          passes: new Float64Array(labels.length).fill(1),
        },
        labels.length,
      );
    },
  })();
}

async function failures(certifier: Certifier): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of certifierContract(() => certifier))
    await run().catch((error: Error) => failed.push(`${name}: ${error.message}`));
  return failed;
}

describe('the contract of certifiers', () => {
  for (const { name, run } of certifierContract(() => exact())) it(name, run);

  it.each<[string, Certifier, string]>([
    [
      'what certifies everything',
      exact((found) => ({ ...found, verdicts: found.verdicts.map((): Verdict => 'certified') })),
      'certifies nothing that is false',
    ],
    [
      'radii that are too large',
      exact((found) => ({ ...found, radius: found.radius!.map((value) => 1.01 * value) })),
      'certifies nothing that is false',
    ],
    [
      'what certifies nothing',
      exact((found) => ({ ...found, verdicts: found.verdicts.map((): Verdict => 'open') })),
      'certifies nothing that is false',
    ],
    [
      'what depends on the neighbours',
      exact((found, rows) => ({ ...found, passes: found.passes.map(() => rows) })),
      'does not depend on the others',
    ],
    ['a short list', exact((found) => ({ ...found, passes: found.passes.slice(1) })), "'passes' has"],
    ['tensors that are left', exact((found) => (tf.scalar(1), found)), 'leaves inputs and memory'],
    [
      'no statement',
      { ...exact(), statement: () => ({ kind: 'probabilistic', of: 'model', rounding: 'none', text: 'x' }) },
      'alpha undefined',
    ],
    [
      'a norm that is not refused',
      {
        ...exact(),
        certify: (...args) => exact().certify(args[0], args[1], args[2], { ...args[3], norm: 'l2' }, args[4]),
      },
      'it certified in',
    ],
  ])('catches %s', async (_, certifier, message) => {
    expect((await failures(certifier)).join('\n')).toContain(message);
  });
});
