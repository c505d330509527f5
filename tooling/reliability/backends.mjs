// Two models of the demo, trained for a third of its steps on ONNX Runtime, then measured by the command line on each backend: robust accuracies agree within a point.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const root = new URL('../../', import.meta.url).pathname;
const bin = join(root, 'packages/cli/dist/bin.js');
const { parse } = createRequire(join(root, 'packages/cli/package.json'))('yaml');

const backends = ['onnxruntime', 'wasm', 'cpu'];
const trained = ['standard', 'pgd-at'];
const attacks = [
  ['--attack', 'fgsm'],
  ['--attack', 'pgd', '--set', 'pgd.steps=10', '--set', 'pgd.stepSize=0.05'],
  ['--attack', 'apgd-ce', '--set', 'apgd-ce.steps=10'],
  ['--attack', 'square', '--set', 'square.queries=50'],
].flat();

function advrob(...args) {
  return execFileSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The demo's config with these models alone, each with a share of its steps. */
function experiment(share) {
  const demo = parse(readFileSync(join(root, 'packages/cli/experiments/demo.yaml'), 'utf8'));
  const fewer = ({ steps, ...rest }) => ({ ...rest, ...(steps && { steps: Math.round(share * steps) }) });
  const { analyses: _analyses, evaluation: _evaluation, ...rest } = demo;
  return {
    ...rest,
    backend: { name: 'onnxruntime' },
    training: fewer(demo.training),
    models: demo.models.filter(({ id }) => trained.includes(id)).map(({ id, train }) => ({ id, train: fewer(train) })),
    evaluation: { take: 10, checks: false, attacks: [{ name: 'fgsm' }] },
  };
}

/**
 * Rows { model, attack, rates by backend, examples whose verdict is not the same on all } at epsilon 0.2 over `take` test images. Started again, it goes on
 * in its folder.
 */
export function compareBackends(take = 100, share = 1 / 3) {
  const folder = join(root, '.cache/backends');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'experiment.json'), JSON.stringify(experiment(share)));
  advrob('run', join(folder, 'experiment.json'), '--out', join(folder, 'run'));
  return trained.flatMap((model) => {
    const found = backends.map((backend) => {
      const out = join(folder, `${model}-${backend}`);
      const weights = join(folder, 'run/models', model, 'last.safetensors');
      const shared = ['--model', weights, '--epsilon', '0.2', '--take', String(take), '--backend', backend];
      const record = JSON.parse(advrob('evaluate', ...shared, ...attacks, '--json', '--out', out));
      const lines = readFileSync(join(out, 'examples.jsonl'), 'utf8').trim().split('\n').map(JSON.parse);
      return { result: record.models[0], examples: lines.filter(({ cleanCorrect }) => cleanCorrect !== undefined) };
    });
    const differing = (verdict) =>
      found[0].examples.filter((_, i) => new Set(found.map(({ examples }) => verdict(examples[i]))).size > 1).length;
    const succeeded = (label) => (example) =>
      example.cleanCorrect && example.attacks.every(({ attack, success }) => attack !== label || !success);
    return [
      {
        attack: 'none',
        rates: found.map(({ result }) => result.clean.rate),
        apart: differing((one) => one.cleanCorrect),
      },
      ...found[0].result.attacks.map(({ label }, i) => ({
        attack: label,
        rates: found.map(({ result }) => result.attacks[i].points[0].robust.rate),
        apart: differing(succeeded(label)),
      })),
      {
        attack: 'worst case',
        rates: found.map(({ result }) => result.robust.rate),
        apart: differing((one) => one.cleanCorrect && one.attacks.every(({ success }) => !success)),
      },
    ].map((row) => ({ model, ...row }));
  });
}

/** The same as lines of a page. */
export function backendLines(take = 100) {
  const rows = compareBackends(take);
  const most = Math.max(...rows.map(({ rates }) => 100 * (Math.max(...rates) - Math.min(...rates))));
  return [
    `Robust accuracy at L∞ 0.2 on the first ${take} test images of MNIST, in percent; the last column counts the examples that are not judged alike on all three. The largest difference is ${most.toFixed(1)} points.`,
    '',
    `| model | attack | ${backends.join(' | ')} | judged differently |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ model, attack, rates, apart }) =>
        `| ${model} | ${attack} | ${rates.map((rate) => (100 * rate).toFixed(1)).join(' | ')} | ${apart} |`,
    ),
  ];
}
