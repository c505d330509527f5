import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { memoryStorage, type Classifier } from '@advrob/core';
import { dlrLoss } from '@advrob/core/losses';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckAttacks } from './options.js';
import { checkRobustness, type RobustnessChecks } from './check-robustness.js';
import { proportionOf } from '../statistics/proportion.js';
import { robustnessCheck } from '../record/record.js';
import { ascent, corners, forgetful, nearest, noise, step } from '../../test/support/attacks.js';
import { planeModel } from '../../test/support/plane-model.js';
import { pointsAtGaps, pointsDataset } from '../../test/support/points-dataset.js';
import { blobs, trainSmallNet, type SmallNet } from '../../test/support/small-net.js';

const data = blobs(48, 2);
const threat = { norm: 'linf', epsilon: 0.15 } as const;
const attacks: CheckAttacks = {
  iterative: ascent({ steps: 20, way: 3 }),
  longer: ascent({ steps: 60, way: 4 }),
  singleStep: step(),
  blackBox: corners(),
};

/** Causes stand in the model, so for them alone the cheapest attack will do. */
const forCauses = { attacks: { iterative: ascent({ steps: 4 }) }, restarts: 1 };

let net: SmallNet;
let robustNet: SmallNet;
beforeAll(async () => {
  await tf.setBackend('cpu');
  net = await trainSmallNet();
  robustNet = await trainSmallNet(ascent({ steps: 4 }));
});
afterAll(() => {
  net.model.dispose();
  robustNet.model.dispose();
});

/** Names of what was found anywhere in this file: at the end every check must be among them. */
const everFound = new Set<string>();
let all: readonly string[] = [];

function namesOf({ findings, checks }: RobustnessChecks): { causes: string[]; symptoms: string[] } {
  for (const check of checks) expect(robustnessCheck.parse(JSON.parse(JSON.stringify(check)))).toEqual(check);
  all = checks.map(({ name }) => name);
  for (const { name } of findings) everFound.add(name);
  const of = (wanted: string): string[] => findings.filter(({ kind }) => kind === wanted).map(({ name }) => name);
  return { causes: of('cause'), symptoms: of('symptom') };
}

async function look(model: Classifier, more: Partial<Parameters<typeof checkRobustness>[0]> = {}) {
  const before = tf.memory().numTensors;
  const checks = await checkRobustness({ model, data, threat, attacks, examples: 48, restarts: 2, ...more });
  expect(tf.memory().numTensors).toBe(before);
  return checks;
}

/** The trained network with other logits. */
function changed(logits: (x: tf.Tensor) => tf.Tensor, more: Partial<Classifier> = {}): Classifier {
  return { ...net.model, ...more, logits: (x) => tf.tidy(() => logits(x)) };
}

/** Coarse steps without a gradient. */
const rounded = (): Classifier => changed((x) => net.model.logits(tf.div(tf.round(tf.mul(x, 4)), 4)));

describe('sound models', () => {
  it.each([
    ['trained', () => net],
    ['adversarially trained', () => robustNet],
  ])('a small network, %s: no finding', async (_, get) => {
    const checks = await look(get().model, { surrogates: { other: (get() === net ? robustNet : net).model } });
    expect(checks.correct).toBeGreaterThan(40);
    expect(checks.findings.map(({ name, value }) => [name, value])).toEqual([]);
    namesOf(checks);
    expect(checks.checks.filter(({ severity }) => severity === 'untested').map(({ name }) => name)).toEqual([
      'other-attack-beats-white-box',
      'too-few-classes',
    ]);
  });

  it('a linear model: no finding, and no gap between attacks', async () => {
    const model = linearClassifier({
      weights: [
        [-1.03, 0.97],
        [-0.71, 0.83],
      ],
      bias: [0.87, -0.9],
    });
    const checks = await look(model, {
      data: pointsAtGaps(Array.from({ length: 24 }, (_, i) => 0.03 + i / 60)),
      attacks: {
        iterative: ascent({ steps: 12 }),
        singleStep: step(),
        longer: ascent({ steps: 40 }),
        other: nearest(),
      },
    });
    expect(checks.findings.map(({ name }) => name)).toEqual([]);
    for (const name of ['single-step-beats-iterative', 'more-steps-help', 'other-attack-beats-white-box'])
      expect(checks.checks.find((check) => check.name === name)).toMatchObject({ severity: 'none', value: 0 });
    model.dispose();
  });
});

describe('models built to have one flaw raise its cause and no other', () => {
  it('saturated: logits so large that the softmax is exact', async () => {
    const checks = await look(
      changed((x) => tf.mul(net.model.logits(x), 1000)),
      forCauses,
    );
    const { causes, symptoms } = namesOf(checks);
    expect(causes).toEqual(['vanishing-gradients']);
    expect(symptoms).toContain('robust-at-huge-epsilon');
    expect(checks.findings[0]!.meaning).toMatch(/saturated/);
  });

  it('rounding inside the model', async () => {
    const checks = await look(rounded(), { surrogates: { honest: net.model } });
    const { causes, symptoms } = namesOf(checks);
    expect(causes).toEqual(['vanishing-gradients']);
    expect(checks.findings[0]).toMatchObject({ value: 1, severity: 'serious' });
    expect(checks.findings[0]!.meaning).toMatch(/passes none on/);
    for (const name of [
      'black-box-beats-white-box',
      'transfer-beats-white-box',
      'loss-not-increasing',
      'robust-at-huge-epsilon',
    ])
      expect(symptoms).toContain(name);
  });

  it('a softmax at the end', async () => {
    const { causes } = namesOf(
      await look(
        changed((x) => tf.softmax(net.model.logits(x))),
        forCauses,
      ),
    );
    expect(causes).toEqual(['probabilities-as-logits']);
  });

  it('a saturated softmax at the end: gradients are judged when it is gone', async () => {
    const checks = await look(
      changed((x) => tf.softmax(tf.mul(net.model.logits(x), 100))),
      forCauses,
    );
    const { causes, symptoms } = namesOf(checks);
    expect(causes).toEqual(['probabilities-as-logits']);
    expect(symptoms).toContain('robust-at-huge-epsilon');
    expect(checks.checks[0]).toMatchObject({ name: 'vanishing-gradients', severity: 'untested' });
  });

  it('noise in the forward pass', async () => {
    const noisy = changed((x) => net.model.logits(tf.add(x, tf.randomNormal(x.shape, 0, 0.1))));
    const { causes, symptoms } = namesOf(await look(noisy, { attacks: { iterative: attacks.iterative }, restarts: 1 }));
    expect(causes).toEqual(['random-forward']);
    expect(symptoms).toContain('not-reproducible');
    expect(symptoms).toContain('unconfirmed-successes');
    expect(symptoms).toContain('unstable-predictions');
  });

  it('batch norm with the statistics of the batch', async () => {
    const inTraining = changed((x) => {
      const features = net.hidden(x);
      const { mean, variance } = tf.moments(features, 0);
      return net.head(tf.mul(tf.div(tf.sub(features, mean), tf.sqrt(tf.add(variance, 1e-3))), 0.6));
    });
    expect(namesOf(await look(inTraining, forCauses)).causes).toEqual(['train-mode']);
  });

  it('buffers that change while the model is evaluated', async () => {
    const seen = tf.tidy(() => tf.variable(tf.scalar(0)));
    const counting = changed(
      (x) => {
        seen.assign(tf.add(seen, x.shape[0]!) as tf.Scalar);
        return net.model.logits(x);
      },
      { buffers: { seen } },
    );
    const checks = await look(counting, forCauses);
    expect(namesOf(checks).causes).toEqual(['train-mode']);
    seen.dispose();
  });

  it('an optimisation in the forward pass', async () => {
    const energy = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(tf.sub(x, 0.5)));
    const purified = changed((x) => net.model.logits(tf.sub(x, tf.mul(0.05, tf.grad(energy)(x)))));
    const checks = await look(purified, forCauses);
    expect(namesOf(checks).causes).toEqual(['loop-in-forward']);
    expect(checks.findings[0]!.value).toBe(1);
  });
});

describe('symptoms', () => {
  describe('a rugged loss', () => {
    const period = 0.0314;
    // The margin falls along x0 + x1 with waves on it, steep enough to turn the gradient around.
    const rugged: Classifier = {
      inputShape: [2],
      numClasses: 2,
      bounds: [0, 1],
      weights: {},
      logits: (x) =>
        tf.tidy(() => {
          const along = tf.sub(tf.mean(x, 1), 0.5);
          const margin = tf.add(along, tf.mul(0.02, tf.sin(tf.mul(along, (2 * Math.PI) / period))));
          return tf.stack([tf.neg(margin), margin], 1);
        }),
    };
    /**
     * Points near the given waves, where the margin rises along x0 + x1, so that the first gradient
     * is right.
     */
    const near = (waves: readonly number[]) => {
      const gaps = waves.flatMap((wave) => [-0.004, 0, 0.004].map((shift) => wave * period + shift));
      return pointsDataset(
        gaps.map((gap) => [0.5 + gap, 0.5 + gap]),
        gaps.map(() => 1),
      );
    };

    it('one step jumps over what many steps stay in', async () => {
      const checks = await look(rugged, {
        data: near([2, 3, 4, 5]),
        threat: { norm: 'linf', epsilon: 0.22 },
        attacks: { iterative: ascent({ steps: 80 }), singleStep: step() },
        restarts: 1,
      });
      const { causes, symptoms } = namesOf(checks);
      expect(causes).toEqual([]);
      expect(symptoms).toContain('single-step-beats-iterative');
    });

    it('success depends on where the attack starts', async () => {
      const checks = await look(rugged, {
        data: near([2, 3]),
        threat: { norm: 'linf', epsilon: 0.3 },
        attacks: { iterative: ascent({ steps: 80 }) },
        restarts: 8,
      });
      const { causes, symptoms } = namesOf(checks);
      expect(causes).toEqual([]);
      expect(symptoms).toContain('more-restarts-help');
    });
  });

  it('an attack with too few and too small steps', async () => {
    const checks = await look(net.model, {
      threat: { norm: 'linf', epsilon: 0.3 },
      attacks: { iterative: ascent({ steps: 6, way: 0.3 }), longer: ascent({ steps: 40, way: 4 }) },
    });
    const { causes, symptoms } = namesOf(checks);
    expect(causes).toEqual([]);
    expect(symptoms).toContain('more-steps-help');
    expect(symptoms).toContain('incomplete-optimisation');
  });

  it('another gradient attack sees what the first cannot', async () => {
    const model = planeModel(5000);
    const gaps = Array.from({ length: 12 }, (_, i) => 0.06 + i / 200);
    const checks = await look(model, {
      data: pointsAtGaps(gaps),
      attacks: { iterative: ascent({ steps: 12 }), other: nearest() },
    });
    const { causes, symptoms } = namesOf(checks);
    expect(causes).toEqual(['vanishing-gradients']);
    expect(symptoms).toContain('other-attack-beats-white-box');
    // All gaps lie inside the ball, and the first attack crosses none of them.
    const of = (name: string) => checks.checks.find((check) => check.name === name)!.attack;
    const { norm, epsilon } = threat;
    const robust = proportionOf(0, 12);
    expect(of('other-attack-beats-white-box')).toEqual({ name: 'nearest', norm, epsilon, robust });
    expect(of('vanishing-gradients')).toBeUndefined();
    model.dispose();
  });

  it('a step size that does not fit: larger epsilon, fewer successes', async () => {
    // Class 0 is a thin band that long steps jump over.
    const band: Classifier = {
      inputShape: [2],
      numClasses: 2,
      bounds: [0, 1],
      weights: {},
      logits: (x) =>
        tf.tidy(() => {
          const margin = tf.sub(tf.square(tf.sub(tf.mean(x, 1), 0.4)), 0.0004);
          return tf.stack([tf.neg(margin), margin], 1);
        }),
    };
    const gaps = Array.from({ length: 10 }, (_, i) => 0.5 + i / 1000);
    const checks = await look(band, {
      data: pointsDataset(
        gaps.map((value) => [value, value]),
        gaps.map(() => 1),
      ),
      threat: { norm: 'linf', epsilon: 0.2 },
      attacks: { iterative: step() },
      restarts: 1,
    });
    expect(namesOf(checks).symptoms).toContain('not-monotone');
  });

  it('an attack that forgets what it finds', async () => {
    const checks = await look(net.model, {
      threat: { norm: 'linf', epsilon: 0.3 },
      attacks: { iterative: forgetful() },
    });
    const { causes, symptoms } = namesOf(checks);
    expect(causes).toEqual([]);
    expect(symptoms).toContain('silent-success');
  });

  it('logits of 16 bits', async () => {
    const straightThrough = tf.customGrad((...inputs: unknown[]) => ({
      value: tf.div(tf.round(tf.mul(inputs[0] as tf.Tensor, 64)), 64),
      gradFunc: (dy: tf.Tensor) => dy,
    }));
    const checks = await look(
      changed((x) => straightThrough(net.model.logits(x))),
      forCauses,
    );
    const { causes, symptoms } = namesOf(checks);
    expect(causes).toEqual([]);
    expect(symptoms).toContain('low-precision');
  });

  it('DLR on two classes', async () => {
    const model = planeModel();
    const dlr = { ...ascent(), definition: { ...ascent().definition, loss: dlrLoss } };
    const safe = { ...dlr, run: ascent().run, maximize: ascent().maximize };
    const checks = await look(model, { data: pointsAtGaps([0.1, 0.2, 0.3, 0.4]), attacks: { iterative: safe } });
    expect(checks.findings.map(({ name }) => name)).toContain('too-few-classes');
    namesOf(checks);
    model.dispose();
  });

  it('every check has spoken up above', () => {
    const missing = all
      .filter((name) => !everFound.has(name))
      .map((name) => `checks/check-robustness.test.ts has no model that raises '${name}': add a test with one`);
    expect(missing).toEqual([]);
  });
});

describe('resume', () => {
  /** Every kind of measurement, with few steps. */
  const cheap = {
    attacks: {
      iterative: ascent({ steps: 4 }),
      longer: ascent({ steps: 6 }),
      singleStep: step(),
      blackBox: corners({ tries: 4 }),
    },
  };

  it('measures nothing twice, gives the same, and refuses other settings', async () => {
    const storage = memoryStorage();
    const options = { ...cheap, storage, batchSize: 20 };
    const first = await look(net.model, options);
    let calls = 0;
    const counting = { ...net.model, logits: (x: tf.Tensor) => (calls++, net.model.logits(x)) };
    const second = await look(counting, options);
    expect(second).toEqual(first);
    // Its scores and its gradient on the probe, each asked for twice.
    expect(calls).toBe(4);
    await expect(look(net.model, { ...options, seed: 1 })).rejects.toMatchObject({
      code: 'ADVROB_EVALUATION_MISMATCH',
    });
  });

  it('goes on after a kill at any entry with the same result', async () => {
    const options = { examples: 8, restarts: 2, attacks: { iterative: ascent() } } as const;
    const whole = memoryStorage();
    const expected = await look(net.model, { ...options, storage: whole });
    const bytes = whole.files.get('checks.jsonl')!;
    const header = bytes.indexOf(10) + 1;
    for (const share of [0.2, 0.55, 0.9]) {
      const storage = memoryStorage([
        ['checks.jsonl', bytes.slice(0, header + Math.floor(share * (bytes.length - header)))],
      ]);
      expect(await look(net.model, { ...options, storage })).toEqual(expected);
      expect(storage.files.get('checks.jsonl')).toEqual(bytes);
    }
  });

  it('with another attack or surrogate makes anew what looks at it', async () => {
    const storage = memoryStorage();
    const linesOf = () => new TextDecoder().decode(storage.files.get('checks.jsonl')).split('\n').slice(1, -1);
    const keysOf = (lines: readonly string[]) => lines.map((line) => (JSON.parse(line) as { key: string }).key);
    const options = { ...cheap, examples: 8, storage, surrogates: { other: net.model } };
    await look(net.model, options);
    const kept = linesOf();
    const more = { ...options, attacks: { ...cheap.attacks, longer: ascent({ steps: 7 }) } };
    const second = await look(net.model, more);
    expect(keysOf(linesOf().slice(kept.length))).toEqual([expect.stringMatching(/^longer\/0 of [0-9a-f]{16}$/)]);
    expect(second).toEqual(await look(net.model, { ...more, storage: undefined }));

    const twin = await trainSmallNet(undefined, 2);
    const third = await look(net.model, { ...more, surrogates: { other: twin.model } });
    expect(keysOf(linesOf().slice(kept.length + 1))).toEqual([expect.stringMatching(/^transfer from other\/0 of /)]);
    expect(third).toEqual(await look(net.model, { ...more, surrogates: { other: twin.model }, storage: undefined }));
  });

  it('takes attacks and options that are undefined as left out', async () => {
    const iterative = ascent({ steps: 2 });
    const measurements = async (more: Partial<Parameters<typeof checkRobustness>[0]>) => {
      const storage = memoryStorage();
      const totals = new Set<number>();
      await look(net.model, { examples: 4, storage, onProgress: ({ total }) => totals.add(total), ...more });
      return [...totals, ...storage.files.values()];
    };
    const left = { surrogates: undefined, batchSize: undefined, seed: undefined, signal: undefined };
    const without = { longer: undefined, singleStep: undefined, blackBox: undefined, other: undefined };
    expect(await measurements({ attacks: { iterative, ...without }, ...left })).toEqual(
      await measurements({ attacks: { iterative } }),
    );
  });

  it('stops on its signal and says how far it is', async () => {
    const seen: string[] = [];
    const fractions: number[] = [];
    const controller = new AbortController();
    const promise = look(net.model, {
      signal: controller.signal,
      onProgress: ({ measurement, done, total, fraction }) => {
        if (seen.at(-1) !== measurement) seen.push(measurement);
        fractions.push(fraction);
        expect(done).toBe(seen.length - 1);
        expect(total).toBe(12);
        if (measurement === 'repetition') controller.abort();
      },
    });
    await expect(promise).rejects.toMatchObject({ code: 'ADVROB_ABORTED' });
    expect(seen.slice(0, 4)).toEqual(['outputs', 'gradients', 'loss path', 'repetition']);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions[0]).toBeLessThan(0.01);
  });
});

describe('refusals', () => {
  it.each([
    ['a black box as white box', { attacks: { iterative: noise() } }, 'ADVROB_OPTION', /iterative/],
    ['a white box as black box', { attacks: { iterative: ascent(), blackBox: step() } }, 'ADVROB_OPTION', /blackBox/],
    ['an unknown norm', { threat: { norm: 'l1', epsilon: 1 } }, 'ADVROB_NORM', /l1/],
    ['no radius', { threat: { norm: 'linf', epsilon: Infinity } }, 'ADVROB_OPTION', /epsilon/],
    ['no examples', { examples: 0 }, 'ADVROB_OPTION', /examples/],
  ] as const)('%s', async (_, change, code, words) => {
    const promise = look(net.model, change);
    await expect(promise).rejects.toMatchObject({ code });
    await expect(promise).rejects.toThrow(words);
  });
});
