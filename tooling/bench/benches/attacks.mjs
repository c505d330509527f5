// Attacks on ONNX Runtime against the same attacks in plain eager PyTorch, and AutoAttack's passes against its reference's schedule.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, medians } from '../alternate.mjs';
import { startChild } from '../child.mjs';
import { requirePyTorch, startPyTorch } from '../pytorch.mjs';
import { assertSameWork } from '../same-work.mjs';
import { row } from '../statistics.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const weights = path('../nets/lenet5-pgd.safetensors');

const pgd40 = { net: 'lenet5', attack: 'pgd', examples: 1000, epsilon: 0.3, steps: 40, stepSize: 0.01 };
const apgd = { net: 'resnet18', attack: 'apgd-ce', examples: 32, epsilon: 8 / 255, steps: 100 };

/** A turn is one attack on one batch. `mostRounds` keeps long ones short. */
const cases = [
  { name: 'PGD-40, LeNet-5, 1000 images, dropping off', work: { ...pgd40, dropping: false }, batch: 250, limit: 0.7 },
  { name: 'PGD-40, LeNet-5, 1000 images, dropping on', work: { ...pgd40, dropping: true }, batch: 250 },
  {
    name: 'APGD-CE 100, ResNet-18, batch 32, dropping off',
    work: { ...apgd, dropping: false },
    batch: 32,
    mostRounds: 3,
    limit: 1,
  },
  {
    name: 'APGD-CE 100, ResNet-18, batch 32, dropping on',
    work: { ...apgd, dropping: true },
    batch: 32,
    mostRounds: 3,
  },
];
const passesName = 'AutoAttack standard, LeNet-5, 200 images, passes per example';

export async function* run(options) {
  requirePyTorch(options);
  const folder = mkdtempSync(join(tmpdir(), 'advrob-bench-'));
  const environment = { ADVROB_BENCH_WEIGHTS: weights, ADVROB_BENCH_IMAGES: join(folder, 'images.bin') };
  try {
    writeFileSync(environment.ADVROB_BENCH_IMAGES, await testImages(pgd40.examples));
    for (const each of cases) if (options.wants(each.name)) yield await compare(each, options, environment);
    if (options.isFirst && options.wants(passesName)) yield* countPasses(options, environment);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The first test images of MNIST and their labels, as float32. */
export async function testImages(count) {
  await import('@tensorflow/tfjs-backend-cpu');
  const { mnist } = await import('../../../packages/datasets/dist/index.js');
  const { test } = await mnist();
  for await (const { x, y } of test.take(count).batches({ size: count })) {
    const values = [await x.data(), Float32Array.from(await y.data())].map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    );
    x.dispose();
    y.dispose();
    return Buffer.concat(values);
  }
}

async function compare({ name, work, batch, mostRounds = Infinity, limit }, options, environment) {
  const ours = startChild(process.execPath, [path('../peers/attack-work.mjs'), options.subject], { env: environment });
  const peer = startPyTorch('torch_attacks.py', { ...options, env: environment });
  try {
    const request = { do: 'setup', case: JSON.stringify(work), batch };
    const [mine, its] = [await ours.ask(request), await peer.ask(request)];
    assertSameWork(name, mine, its);
    const rounds = Math.min(options.rounds, mostRounds);
    const turns = await alternate(ours, peer, { steps: 1, rounds, warmUps: mostRounds === Infinity ? 1 : 0 });
    const [a, b] = [medians(turns.ours), medians(turns.peer)];
    const turnsPerAttack = work.examples / batch;
    return row({
      name,
      ours: (a.wallMs * turnsPerAttack) / 1000,
      peer: (b.wallMs * turnsPerAttack) / 1000,
      unit: 's',
      limit,
      cpuRatio: Number((a.cpuMs / b.cpuMs).toPrecision(3)),
      runs: rounds,
      batch,
      params: mine.params,
      macs: mine.macs,
      robust: (await ours.ask({ do: 'facts' })).robust,
      peerRobust: (await peer.ask({ do: 'facts' })).robust,
      against: `PyTorch ${its.torch}`,
      blas: its.blas,
    });
  } finally {
    ours.close();
    peer.close();
  }
}

/** How many passes AutoAttack makes, its reference's schedule, and other policies; see peers/autoattack-passes.mjs. */
async function* countPasses({ subject }, environment) {
  const child = startChild(process.execPath, [path('../peers/autoattack-passes.mjs'), subject], { env: environment });
  try {
    const counts = await child.ask({ do: 'count', examples: 200, epsilon: pgd40.epsilon });
    for (const { name, ours, peer, limit } of counts.rows)
      yield row({
        name: `${passesName}${name}`,
        ours,
        peer,
        unit: 'passes',
        limit,
        runs: 1,
        robust: counts.robust,
        peerRobust: counts.peerRobust,
        differing: counts.differing,
        members: counts.members,
        against: "the reference's schedule",
      });
  } finally {
    child.close();
  }
}
