// `pnpm floors`: a package imports only packages on a lower floor (docs/decisions/0001-floors.md), its tests any that its manifest declares; files
// of a package import each other in no circle; a folder of sources has three files or more. Prints how the house looks.
import { readFileSync, readdirSync } from 'node:fs';
import { circlesOf } from './circles.mjs';
import { graphOf, houseOf, packagesOf, sourcesOf } from './sources.mjs';
import { problemsOfTests } from './tests.mjs';

export const floors = {
  core: 0,
  'create-advrob-plugin': 0,
  'backend-onnxruntime': 0,
  onnx: 0,
  attacks: 1,
  datasets: 1,
  models: 1,
  training: 1,
  evaluation: 1,
  'trainers-entropysgd': 2,
  'trainers-randomized': 2,
  'trainers-dual-langevin': 2,
  certification: 2,
  scale: 2,
  'analysis-logits': 2,
  'analysis-smoothness': 2,
  'analysis-subspace': 2,
  report: 3,
  zoo: 3,
  'scale-bullmq': 3,
  'store-s3': 3,
  cli: 4,
};
const runInABrowser = ['core', 'onnx', 'attacks', 'training', 'evaluation'];
/** What the build of a package inlines: its users do not install it. */
const inlined = { 'backend-onnxruntime': ['@advrob/core'] };
/** Folders with one or two files that may stay, each with its reason. */
const thinFolders = { atMost: 8, ...read('tooling/floors/thin-folders.json') };

const root = new URL('../../', import.meta.url).pathname;
const sources = [];
const problems = [];

for (const name of readdirSync(`${root}packages`)) {
  if (!(name in floors)) {
    problems.push(`packages/${name} has no floor: add it to tooling/floors/check.mjs`);
    continue;
  }
  const own = sourcesOf(root, name);
  sources.push(...own);
  checkSources(name, own);
  problems.push(...problemsOfTests(root, name));
  for (const circle of circlesOf(graphOf(own)))
    problems.push(`packages/${name}/src has a circle of imports: ${circle.replaceAll(`packages/${name}/src/`, '')}`);
}
const house = houseOf(sources);
checkFolders();

for (const problem of problems) console.error(problem);
console.log(
  `${house.files} source files of ${house.lines} lines, ${house.folders} folders, ${house.thin.length} of them with one or two files`,
);
console.log(problems.length === 0 ? 'floors: every import goes down' : `floors: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkSources(name, files) {
  const { dependencies, peerDependencies } = read(`packages/${name}/package.json`);
  const declared = { ...dependencies, ...peerDependencies };
  for (const { path, text, imports } of files) {
    for (const other of packagesOf(name, imports)) {
      if (inlined[name]?.includes(other)) continue;
      if (!(other in declared)) problems.push(`${path} imports ${other}, which its package.json does not declare`);
      const folder = /^@advrob\/(.+)$/.exec(other)?.[1];
      if (folder !== undefined && !(floors[folder] < floors[name]))
        problems.push(`${path} imports ${other}: floor ${floors[folder]} is not below ${floors[name]}`);
    }
    if (runInABrowser.includes(name) && /['"]node:/.test(text.replace(/\/\*[\s\S]*?\*\//g, '')))
      problems.push(`${path} uses a Node API; ${name} must run in a browser`);
  }
}

function checkFolders() {
  const { atMost, isEnforced, allowed } = thinFolders;
  const listed = Object.keys(allowed);
  if (listed.length > atMost)
    problems.push(`tooling/floors/thin-folders.json allows ${listed.length} folders, at most ${atMost} may be thin`);
  for (const folder of listed)
    if (!house.thin.includes(folder)) problems.push(`${folder} need not be in tooling/floors/thin-folders.json`);
  if (!isEnforced) return;
  for (const folder of house.thin)
    if (!allowed[folder]) problems.push(`${folder} has one or two files: merge them into what uses them`);
}

function read(path) {
  return JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
}
