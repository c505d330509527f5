import {
  createRecord,
  encodeFloats,
  proportionOf,
  trainingCurves,
  type DataDescription,
  type ModelResult,
  type RecordedModel,
  type RunRecord,
} from '@advrob/evaluation';

const size = 28;
const epsilons = [0.05, 0.1, 0.15, 0.2, 0.3];

/** What the made-up models of a sample record do at each epsilon. */
const courses: Readonly<Record<string, { clean: number; fgsm: number[]; pgd: number[] }>> = {
  standard: { clean: 0.989, fgsm: [0.83, 0.47, 0.21, 0.1, 0.04], pgd: [0.71, 0.12, 0.01, 0, 0] },
  'pgd-at': { clean: 0.974, fgsm: [0.956, 0.93, 0.9, 0.862, 0.61], pgd: [0.953, 0.921, 0.878, 0.817, 0.36] },
  trades: { clean: 0.966, fgsm: [0.95, 0.931, 0.907, 0.873, 0.68], pgd: [0.947, 0.922, 0.886, 0.835, 0.44] },
};

function share(rate: number): ModelResult['clean'] {
  const { interval, ...rest } = proportionOf(Math.round(1000 * rate), 1000);
  return { ...rest, interval: [...interval] };
}

/** A ring of a radius that depends on `index`, as a picture. */
function ring(index: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => {
    const x = (i % size) - 13.5;
    const y = Math.floor(i / size) - 13.5;
    const distance = Math.abs(Math.hypot(x, y * (1 - 0.08 * (index % 4))) - 5 - (index % 3) * 2);
    return Math.fround(Math.max(0, 1 - distance / 2));
  });
}

function samplesOf(name: string): ModelResult['samples'] {
  return Array.from({ length: 8 }, (_, index) => {
    const clean = ring(index);
    const changed = clean.map((value, i) =>
      Math.min(1, Math.max(0, value + 0.2 * Math.sign(Math.sin(i * (0.7 + index) + index)))),
    );
    const success = name === 'standard' || index === 5;
    return {
      index,
      label: index,
      clean: { image: encodeFloats(clean), prediction: index === 7 ? 1 : index, confidence: 0.991 - index / 100 },
      attacked: ['fgsm', 'pgd'].map((attack) => ({
        attack,
        norm: 'linf' as const,
        epsilon: 0.3,
        success: success || index === 7,
        image: encodeFloats(changed),
        prediction: success ? (index + 3) % 10 : index,
        confidence: success ? 0.998 : 0.62,
      })),
    };
  });
}

function modelOf(name: string, seed: number): RecordedModel {
  const { clean, fgsm, pgd } = courses[name]!;
  const attack = (label: string, rates: readonly number[], options: ModelResult['attacks'][number]['options']) => ({
    label,
    attack: label,
    options,
    norm: 'linf' as const,
    restarts: label === 'pgd' ? 2 : 1,
    loss: 'default',
    points: epsilons.map((epsilon, i) => ({
      epsilon,
      robust: share(rates[i]!),
      attacked: 1000,
      unconfirmed: 0,
      meanQueries: 41,
    })),
  });
  const decay = (step: number): number => 0.05 + (name === 'standard' ? 2.2 : 2.3) * Math.exp(-step / 120);
  return {
    name,
    modelHash: seed.toString(16).padStart(64, 'c0ffee'),
    seed: 0,
    batchSize: 128,
    attackOn: 'all',
    clean: share(clean),
    robust: share(pgd.at(-1)!),
    attacks: [attack('fgsm', fgsm, {}), attack('pgd', pgd, { steps: 40, stepSize: 0.01 })],
    worstCase: [
      {
        norm: 'linf',
        points: epsilons.map((epsilon, i) => ({ epsilon, robust: share(pgd[i]!), attacks: ['fgsm', 'pgd'] })),
      },
    ],
    samples: samplesOf(name),
    architecture: { name: 'compact-cnn', options: {}, parameters: 54_218 },
    training: {
      method: name === 'standard' ? 'erm' : name,
      steps: 600,
      seed,
      curves: trainingCurves([
        ...Array.from({ length: 30 }, (_, i) => ({
          type: 'metrics' as const,
          step: 20 * (i + 1),
          loss: { total: decay(20 * (i + 1)) + 0.02 * Math.sin(i * 7) },
        })),
        ...Array.from({ length: 6 }, (_, i) => ({
          type: 'validation' as const,
          step: 100 * (i + 1),
          metrics: { accuracy: clean - 0.4 / (i + 1) ** 2, robustAccuracy: Math.max(0, pgd[3]! - 0.5 / (i + 1)) },
        })),
      ]),
    },
  };
}

/** A record with every part that a report shows; its numbers are made up. */
export function sampleRecord(
  names: readonly string[] = ['standard', 'pgd-at', 'trades'],
): RunRecord & { data: DataDescription } {
  const record = createRecord({
    title: 'Standard and robust training on MNIST',
    command: 'advrob run experiment.yaml --set training.steps=600 --seed 0 --out runs/mnist',
    config: { data: { name: 'mnist', take: 1000 }, attacks: [{ name: 'pgd', options: { steps: 40 } }] },
    environment: {
      backend: 'onnxruntime',
      runtime: 'node 20.20.2',
      platform: 'linux x64',
      cpu: 'Some Processor, 2 cores',
      versions: { '@advrob/core': '0.1.0', '@tensorflow/tfjs-core': '4.22.0', 'onnxruntime-node': '1.30.0' },
    },
    seeds: { data: 0, training: 0, evaluation: 0 },
    data,
    models: names.map(modelOf),
    timing: { seconds: 271.3 },
  });
  return { ...record, data };
}

/**
 * Models of a record without what makes their page slow to draw: curves of training and of attacks.
 */
export function plain(models: readonly RecordedModel[]): RecordedModel[] {
  return models.map(({ training: _, ...model }) => ({ ...model, attacks: [], worstCase: [], samples: [] }));
}

/** Models of a record without their training. */
export function untrained(models: readonly RecordedModel[]): RecordedModel[] {
  return models.map(({ training: _, ...model }) => model);
}

/** What a reader sees of a page between two places. */
export function textOf(page: string, from: string, to: string): string {
  const start = page.indexOf(from);
  if (start < 0) throw new Error(`the page has no ${from}`);
  return page
    .slice(start, page.indexOf(to, start))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

const data: DataDescription = {
  name: 'mnist',
  split: 'test',
  length: 1000,
  hash: 'ab12'.repeat(16),
  inputShape: [size, size, 1],
  numClasses: 10,
  bounds: [0, 1],
};
