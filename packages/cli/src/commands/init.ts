import { AdvrobError, type Dataset } from '@advrob/core';
import { inspectModelFile } from '@advrob/models/inspect';
import type { Command } from 'commander';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { selectBackend } from '../backend/select.js';
import { parseExperiment } from '../config/load.js';
import { parseEpsilon } from '../flags/common-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { findModelFile } from '../experiment/load-model.js';
import { terminalOutput } from '../output/terminal.js';
import { writeAtomically } from '../storage/files.js';
import { addCommand } from './command.js';

const goals = {
  measure: 'how robust my model is',
  train: 'train a robust model beside a standard one',
  compare: 'compare ways to train a robust model',
} as const;
type Goal = keyof typeof goals;

const flags = [
  flag(
    '--goal <what>',
    Object.entries(goals)
      .map(([name, words]) => `${name}: ${words}`)
      .join('; '),
    {
      choices: Object.keys(goals) as Goal[],
    },
  ),
  flag('--model <path>', 'my model, to measure: an ONNX, Keras or safetensors file, or a folder with a model.json'),
  flag('--data <what>', 'a name (advrob list datasets), a folder of pictures, an .npz or a .parquet file'),
  flag('--epsilon <radius>', 'how far an adversary may change each input value, e.g. 8/255'),
  flag('--out <file>', 'the config to write', { default: 'experiment.yaml' }),
  flag('--force', 'writes over a file that is there'),
] as const;

/** `advrob init`: a commented config for my model and my data. Asks for what no flag says. */
export function register(program: Command): void {
  addCommand(program, 'init', 'write a commented config for my model and my data', flags, initCommand, [
    'init',
    'init --model net.onnx --data pictures/val --epsilon 4/255',
    'init --goal train --data mnist --epsilon 0.2',
  ]);
}

/** What the config is about. */
interface Answers {
  readonly goal: Goal;
  readonly model: string | undefined;
  readonly data: string;
  readonly epsilon: string;
}

async function initCommand(given: Values<typeof flags>): Promise<void> {
  const output = terminalOutput();
  const { out, force } = given;
  if (existsSync(out) && force !== true)
    throw new AdvrobError('ADVROB_USAGE', `${out} is there already: --force writes over it, --out names another file`);
  const answers = await askedFor(given);
  parseEpsilon(answers.epsilon);
  const text = configOf(answers, await inputShapeOf(answers.model), schemaPath(out));
  // What is written is read at once: a config that does not hold is our mistake, not the user's.
  parseExperiment((await import('yaml')).parse(text));
  await writeAtomically(out, text);
  output.line(`${out} is written; look it over, then: advrob run ${out}`);
}

/** Answers out of flags; in a terminal the others are asked for, elsewhere they have defaults. */
async function askedFor({ goal, model, data, epsilon }: Values<typeof flags>): Promise<Answers> {
  const isTalking = process.stdin.isTTY && process.stdout.isTTY;
  const terminal = isTalking ? createInterface({ input: process.stdin, output: process.stdout }) : undefined;
  const ask = async (question: string, fallback: string): Promise<string> => {
    const answer = await terminal?.question(`${question} [${fallback}] `);
    return answer === undefined || answer.trim() === '' ? fallback : answer.trim();
  };
  try {
    const wanted =
      goal ?? (model === undefined ? await ask(`What to find out? ${describeGoals()}`, 'measure') : 'measure');
    if (!(wanted in goals))
      throw new AdvrobError('ADVROB_USAGE', `no goal '${wanted}'; there are ${Object.keys(goals).join(', ')}`);
    const isMeasuring = wanted === 'measure';
    const path = isMeasuring ? (model ?? (await ask('Where is the model?', 'model.onnx'))) : undefined;
    const source = data ?? (await ask('Which data? (a name, a folder of pictures, an .npz file)', 'mnist'));
    const radius =
      epsilon ??
      (await ask('How far may each input value be changed, in [0, 1]?', source === 'mnist' ? '0.2' : '8/255'));
    return { goal: wanted as Goal, model: path, data: source, epsilon: radius };
  } finally {
    terminal?.close();
  }
}

function describeGoals(): string {
  return Object.entries(goals)
    .map(([name, words]) => `${name} (${words})`)
    .join(', ');
}

/** Shape of the examples that a model takes; undefined where it cannot be seen. */
async function inputShapeOf(model: string | undefined): Promise<Dataset['inputShape'] | undefined> {
  const file = model === undefined ? undefined : await findModelFile(model);
  if (file === undefined) return undefined;
  await selectBackend();
  const found = await inspectModelFile(file, { layers: { bounds: [0, 1] } }).catch(() => undefined);
  return found?.classifier?.isAssumed === false ? found.classifier.inputShape : undefined;
}

/** Where editors find the schema, as seen from the config. */
function schemaPath(out: string): string {
  const own = dirname(createRequire(import.meta.url).resolve('@advrob/cli/package.json'));
  return relative(dirname(out), join(own, 'schema/experiment-1.schema.json'));
}

function configOf(
  { goal, model, data, epsilon }: Answers,
  shape: readonly number[] | undefined,
  schema: string,
): string {
  const isMnist = data === 'mnist' || data === 'fashion-mnist';
  const name = goal === 'measure' ? nameOf(model!) : goal === 'train' ? 'robust' : 'ways';
  return [
    `# yaml-language-server: $schema=${schema}`,
    '# What each key can be: the schema above, in editors; names and options of parts: advrob list',
    'version: 1',
    `name: ${name}`,
    'seed: 0',
    '',
    ...datasetLines(data, shape),
    '',
    '# The adversary may change every input value by as much, in [0, 1]. How to choose: docs/choose-attacks.md',
    `threat: { norm: linf, epsilon: ${epsilon} }`,
    '',
    ...(goal === 'measure' ? measuredLines(model!) : trainedLines(goal, isMnist)),
    '',
    'evaluation:',
    '  take: 200 # the first examples; the intervals in the report say how much that tells',
    '  attacks:',
    '    - { name: fgsm } # one step: quick, and weak',
    ...(goal === 'measure'
      ? ['    - { name: pgd, options: { steps: 40 } }', '    - { name: autoattack } # the standard; takes longest']
      : [
          '    - { name: pgd, options: { steps: 40 } }',
          '    - { name: apgd-ce } # then autoattack, for a number to publish',
        ]),
    '  checks: true # looks for signs that the robustness is an illusion',
    '',
  ].join('\n');
}

function nameOf(model: string): string {
  const name = basename(model, extname(model))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'model' : name;
}

function datasetLines(data: string, shape: readonly number[] | undefined): string[] {
  const quoted = JSON.stringify(data);
  if (/\.npz$/i.test(data))
    return [
      '# Arrays x_test and y_test in the file: its options name others',
      `dataset: { name: npz, options: { test: ${quoted} } }`,
    ];
  if (/\.parquet$/i.test(data)) return [`dataset: { name: parquet, options: { test: ${quoted} } }`];
  const isFolder = existsSync(data) && statSync(data).isDirectory();
  if (!isFolder) return [`dataset: ${data}`];
  return folderLines(quoted, shape?.length === 3 ? (shape as readonly [number, number, number]) : undefined);
}

/** Small pictures are brought to the size of the input, large ones cut as ImageNet's usually are. */
function folderLines(quoted: string, [height, width, channels]: readonly number[] = [224, 224, 3]): string[] {
  const isCut = height === width && height! > 64;
  const size = isCut
    ? [
        `    resize: ${Math.round((height! * 256) / 224)} # of the shorter side`,
        `    crop: ${height} # out of the middle`,
      ]
    : [`    resize: [${height}, ${width}] # what the model takes`];
  return [
    '# A folder for each class, or labels.csv beside the pictures: docs/bring-your-own-data.md',
    'dataset:',
    '  name: image-folder',
    '  options:',
    `    directory: ${quoted}`,
    ...size,
    `    channels: ${channels}`,
  ];
}

function measuredLines(model: string): string[] {
  return [
    'models:',
    `  - id: ${nameOf(model)}`,
    `    weights: ${JSON.stringify(model)}`,
    '    # What the network was trained on, where the file does not do it itself:',
    '    # input: { range: [0, 255] }',
    '    # input: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }',
  ];
}

function trainedLines(goal: Goal, isMnist: boolean): string[] {
  const robust =
    goal === 'train'
      ? ['  - id: robust', '    train: { objective: pgd-at }']
      : [
          '  - id: pgd-at',
          '    train: { objective: pgd-at }',
          '  - id: trades',
          '    train: { objective: { name: trades, options: { beta: 6 } } }',
          '  - id: dale',
          '    train: { objective: dale-pd, attack: { name: langevin, options: { steps: 5 } } }',
        ];
  return [
    `architecture: ${isMnist ? 'compact-cnn' : 'small-cnn'} # others: advrob list models`,
    'training: # what all models share',
    '  steps: 600',
    '  batchSize: 64',
    '  learningRate: 0.05',
    '  optimizer: { name: sgd, options: { momentum: 0.9 } }',
    '  schedule: { name: cosine }',
    '  attack: { name: pgd, options: { steps: 5 } } # the adversary inside of training',
    'models:',
    '  - id: standard # trained without adversarial examples: what robustness costs',
    '    train: { objective: erm }',
    ...robust,
  ];
}
