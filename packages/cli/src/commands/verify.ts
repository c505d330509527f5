import { readVnnlib, resultText, verifyProperty, type Property } from '@advrob/certification';
import { AdvrobError } from '@advrob/core';
import { loadOnnxFile } from '@advrob/models/node';
import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { backendFlags, jsonFlag, pluginFlag } from '../flags/common-flags.js';
import { flag, positive, type Values } from '../flags/flag.js';
import { fileError } from '../storage/failure.js';
import { writeAtomically } from '../storage/files.js';
import { addCommand, ready, type Call } from './command.js';

const flags = [
  ...backendFlags,
  flag('--model <file>', 'an ONNX file', { required: true }),
  flag('--property <file>', 'what is unsafe, in VNN-LIB', { required: true }),
  flag('--out <file>', 'where the result is written too'),
  flag('--timeout <s>', 'seconds until it ends without a result', { read: positive, default: 300 }),
  flag('--layout <where>', 'whether channels lie in front or behind, when shapes do not show it', {
    choices: ['NCHW', 'NHWC'],
  }),
  pluginFlag,
  jsonFlag,
] as const;

/**
 * `advrob verify`: whether a network has an unsafe output, as the competition of verifiers asks and
 * answers: sat with a counterexample, unsat, unknown or timeout.
 */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'verify',
    'whether a network keeps a property in VNN-LIB',
    flags,
    (given) => verifyCommand(given, call.signal),
    ['verify --model net.onnx --property property.vnnlib --timeout 60'],
  );
}

async function verifyCommand(given: Values<typeof flags>, signal: AbortSignal): Promise<void> {
  const { output } = await ready(given);
  const text = await readFile(given.property, 'utf8').catch((error: unknown) => {
    throw fileError(error, given.property);
  });
  const property = readVnnlib(text);
  const [low, high] = rangeOf(property);
  // Inputs are what the file takes: nothing is scaled, and nothing cut off behind the scores.
  const bounds = low < high ? ([low, high] as const) : ([low - 1, low + 1] as const);
  const plain = { outputs: 'logits', mean: 0, std: 1, layout: given.layout } as const;
  const model = await loadOnnxFile(given.model, { bounds, ...plain });
  try {
    if (model.onnx.cut)
      throw new AdvrobError(
        'ADVROB_VNNLIB',
        `${given.model} ends with a ${model.onnx.cut}, which has no bounds: a property can be verified of its scores`,
      );
    const layout = model.onnx.layout ?? 'NCHW';
    const found = await verifyProperty(model, property, { seconds: given.timeout, layout, signal });
    if (given.out !== undefined) await writeAtomically(given.out, resultText(found));
    output.result(found, () => resultText(found).trimEnd());
  } finally {
    model.dispose?.();
  }
}

/** From the smallest to the largest value of an input. */
function rangeOf({ cases }: Property): [number, number] {
  const least = (ends: Float64Array): number => ends.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (ends: Float64Array): number => ends.reduce((a, b) => Math.max(a, b), -Infinity);
  return [
    least(Float64Array.from(cases, ({ low }) => least(low))),
    most(Float64Array.from(cases, ({ high }) => most(high))),
  ];
}
