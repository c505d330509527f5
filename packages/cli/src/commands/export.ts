import { AdvrobError } from '@advrob/core';
import { saveOnnxFile } from '@advrob/models/node';
import type { Command } from 'commander';
import { makeFolders } from '../storage/failure.js';
import { dirname } from 'node:path';
import { loadAnyModel } from '../experiment/load-model.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { backendFlags, jsonFlag, pluginFlag } from '../flags/common-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { formFlags, inputOf, modelFlag } from '../flags/model-flags.js';
import { addCommand, ready, type Call } from './command.js';

const flags = [
  ...backendFlags,
  modelFlag,
  ...formFlags,
  flag('--set <name=value>', 'an option of the architecture; may be repeated', { repeated: true }),
  flag('--layout <where>', "of the file's images: channels in front, as most programs expect, or behind", {
    choices: ['NCHW', 'NHWC'],
    default: 'NCHW',
  }),
  flag('--probabilities', 'the file ends with a softmax; else it gives logits'),
  pluginFlag,
  flag('--out <file>', 'to write, e.g. model.onnx', { required: true }),
  jsonFlag,
] as const;

/**
 * `advrob export`: writes a model as an ONNX file of opset 17 for any batch, its normalisation
 * inside. The file is compared with the model in our import and in ONNX Runtime before it is put in
 * its place.
 */
export function register(program: Command, _call: Call): void {
  addCommand(program, 'export', 'write a model as an ONNX file', flags, exportCommand, [
    'export --model runs/robust --out robust.onnx',
  ]);
}

async function exportCommand(given: Values<typeof flags>): Promise<void> {
  if (!given.out.endsWith('.onnx'))
    throw new AdvrobError('ADVROB_USAGE', `--out: expected a file that ends with .onnx, got ${given.out}`);
  const { registry, output } = await ready(given);
  const [part] = chooseParts(registry, given, given.set).architecture;
  const { options = {} } = part ?? {};
  const model = await loadAnyModel(given.model, registry, {
    input: inputOf(given),
    outputs: given.outputs,
    architecture: part?.name,
    architectureOptions: Object.keys(options).length > 0 ? options : undefined,
  });
  try {
    const { layout } = given;
    const outputs = given.probabilities ? 'probabilities' : 'logits';
    await makeFolders(dirname(given.out));
    const { bytes, isCompared } = await saveOnnxFile(given.out, model, { layout, outputs });
    const { inputShape, bounds, numClasses } = model;
    const isImage = inputShape.length === 3;
    const [h, w, c] = inputShape;
    const shape = isImage && layout === 'NCHW' ? [c, h, w] : inputShape;
    const result = { file: given.out, bytes, opset: 17, input: ['batch', ...shape], bounds, outputs, numClasses };
    output.result({ ...result, ...(isImage && { layout }), isCompared }, () =>
      [
        `${given.out}: ${(bytes / 1e6).toPrecision(3)} MB, opset 17`,
        `input [batch, ${shape.join(', ')}]${isImage ? ` (${layout})` : ''} within [${bounds.join(', ')}], ${outputs} of ${numClasses} classes`,
        isCompared ? 'equal to the model in ONNX Runtime and in the import' : 'equal to the model in the import',
      ].join('\n'),
    );
  } finally {
    model.dispose?.();
  }
}
