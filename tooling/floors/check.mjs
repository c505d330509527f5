// A package may import only packages on a lower floor (docs/decisions/0001-floors.md). Tests may import any.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf } from './imports.mjs';

export const floors = {
  core: 0,
  'create-advrob-plugin': 0,
  'backend-onnxruntime': 0,
  attacks: 1,
  datasets: 1,
  models: 1,
  training: 1,
  evaluation: 1,
  'trainers-entropysgd': 2,
  'trainers-randomized': 2,
  'trainers-dual-langevin': 2,
  'analysis-logits': 2,
  'analysis-smoothness': 2,
  'analysis-subspace': 2,
  report: 3,
  cli: 4,
};

const root = new URL('../../packages/', import.meta.url).pathname;
const problems = [];

for (const name of readdirSync(root)) {
  if (!(name in floors)) {
    problems.push(`packages/${name} has no floor: add it to tooling/floors/check.mjs`);
    continue;
  }
  const manifest = JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8'));
  const declared = new Set([
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.peerDependencies ?? {}),
  ]);
  for (const file of readdirSync(join(root, name, 'src'), { recursive: true })) {
    if (!/\.ts$/.test(file) || /\.test\.ts$/.test(file)) continue;
    const text = readFileSync(join(root, name, 'src', file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
      const packageName = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      if (!declared.has(packageName) && packageName !== `@advrob/${name}`)
        problems.push(`packages/${name}/src/${file} imports ${packageName}, which its package.json does not declare`);
      const other = /^@advrob\/(.+)$/.exec(packageName)?.[1];
      if (other !== undefined && other !== name && !(floors[other] < floors[name]))
        problems.push(
          `packages/${name}/src/${file} imports @advrob/${other}: floor ${floors[other]} is not below ${floors[name]}`,
        );
    }
    if (
      (name === 'core' || name === 'attacks' || name === 'training' || name === 'evaluation') &&
      /['"]node:/.test(text)
    )
      problems.push(`packages/${name}/src/${file} uses a Node API; ${name} must run in a browser`);
  }
}

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'floors: every import goes down' : `floors: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
