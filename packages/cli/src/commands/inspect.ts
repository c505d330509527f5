import { AdvrobError } from '@advrob/core';
import { inspectModelFile, type ModelInspection } from '@advrob/models/inspect';
import type { Command } from 'commander';
import { backendFlags, jsonFlag, pluginFlag } from '../flags/common-flags.js';
import type { Values } from '../flags/flag.js';
import { inputOf, modelFlags, onnxOf, savedModel } from '../flags/model-flags.js';
import { explainForeign } from '../experiment/foreign-model.js';
import { architecturesOf, findModelFile, normalizationOf } from '../experiment/load-model.js';
import { inLine, wrapped } from '../output/terminal.js';
import { addCommand, ready } from './command.js';

const flags = [...modelFlags, ...backendFlags, pluginFlag, jsonFlag] as const;

/** `advrob inspect <model>`: what a file holds, what can be attacked, and what is in the way. */
export function register(program: Command): void {
  addCommand(
    program,
    'inspect <model>',
    'what a model file holds, how it can be attacked, and what is in the way',
    flags,
    inspectCommand,
    ['inspect net.onnx'],
  );
}

async function inspectCommand(path: string, given: Values<typeof flags>): Promise<void> {
  const { output, registry } = await ready(given);
  const file = await findModelFile(path);
  if (file === undefined) throw new AdvrobError('ADVROB_MODEL_MISSING', `no model at ${path}: expected ${savedModel}`);
  const bounds = [0, 1] as const;
  const found = await inspectModelFile(file, {
    architectures: architecturesOf(registry),
    architecture: given.architecture,
    normalization: normalizationOf(inputOf(given), bounds),
    layers: { bounds, outputs: given.outputs },
    onnx: onnxOf(given),
  }).catch(async (error: unknown) => {
    throw await explainForeign(file, error);
  });
  output.result(found, () => inspectionText(path, found).join('\n'));
}

const width = 60;
const indent = 10;

/** The same for people, at most 60 columns wide where words allow it. */
export function inspectionText(path: string, found: ModelInspection): string[] {
  const { classifier, taken, layout } = found;
  const shape = (sides: readonly (number | null)[]) => `[${sides.map((side) => side ?? '?').join(', ')}]`;
  const ports = (all: ModelInspection['inputs']) =>
    all.map(({ name, type, shape: sides }) => `${name} ${type}${sides.length > 0 ? ` ${shape(sides)}` : ''}`);
  const rows: [string, readonly string[]][] = [
    ['file', [`${path}: ${formats[found.format]}, ${found.producer}`]],
    ['inputs', ports(found.inputs).map((port) => (layout === null ? port : `${port} ${layout}`))],
    ['outputs', ports(found.outputs)],
    [
      'taken',
      taken ? [`${taken.output}${taken.cut === null ? '' : `, in front of the ${taken.cut}, which is cut off`}`] : [],
    ],
    ['examples', classifier ? [examplesOf(classifier)] : []],
    ['range', rangeOf(found)],
    ['weights', [found.parameters.toLocaleString('en')]],
    ['work', found.multiplyAdds === null ? [] : [`${scaled(found.multiplyAdds)} multiply-adds for one example`]],
    ['operators', [found.operators.map(({ name, count }) => `${name} ${count}`).join(', ')]],
    ['attacks', [attacks[found.attacks]]],
    ['in the way', found.obstacles.map(({ where, what }) => (where === null ? what : `node '${where}': ${what}`))],
  ];
  return rows
    .filter(([, lines]) => lines.some((line) => line !== ''))
    .flatMap(([label, lines]) => lines.flatMap((line, i) => besides(i === 0 ? label : '', inLine(line))));
}

const formats: Readonly<Record<ModelInspection['format'], string>> = {
  onnx: 'ONNX',
  keras: 'a file of Keras',
  'layers-model': 'a tfjs LayersModel',
  'graph-model': 'a tfjs GraphModel',
  safetensors: 'safetensors',
};

const attacks: Readonly<Record<ModelInspection['attacks'], string>> = {
  'white-box': 'white-box: every attack gets gradients, such as autoattack',
  'straight-through':
    'gradients go straight through the roundings of a quantised file: they are estimates, so put an attack without gradients beside, such as square',
  'black-box': 'black box: square, nes, spsa, simba, boundary and hopskipjump; for an ONNX file with --black-box',
  none: 'none as it is; see what is in the way',
};

function examplesOf({ inputShape, numClasses, isAssumed }: NonNullable<ModelInspection['classifier']>): string {
  const words = `[${inputShape.join(', ')}], ${numClasses} classes`;
  return isAssumed ? `${words}; sides that the file leaves open come from the data, these were tried` : words;
}

function rangeOf({ preprocessing, classifier }: ModelInspection): string[] {
  if (preprocessing.length > 0) return [...preprocessing];
  if (classifier === null) return [];
  return [
    'nothing in the file says what it was trained on: evaluate looks at your data; --input-range, --mean and --std say it',
  ];
}

function scaled(count: number): string {
  const [factor, word] = count >= 1e9 ? [1e9, ' billion'] : count >= 1e6 ? [1e6, ' million'] : [1, ''];
  return `${factor === 1 ? count.toLocaleString('en') : (count / factor).toPrecision(3)}${word}`;
}

/** A label and words behind it, broken so that they stay behind it. */
function besides(label: string, text: string): string[] {
  return wrapped(text, width, { first: label.padEnd(indent + 2), next: ' '.repeat(indent + 2) }).split('\n');
}
