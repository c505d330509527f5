import { decodeSafetensors } from '@advrob/core/safetensors';
import type { LayersModel, layers as kerasLayers } from '@tensorflow/tfjs-layers';
import { disposeLayersModel } from '../adapters/layers-variables.js';
import { splitLayersModel } from '../adapters/split-layers-model.js';
import { openOnnxModel } from '../node/onnx-file.js';
import { chooseInput, chooseOutput, expectsBytes, neededFor } from '../onnx/ports.js';
import { isRecord } from '../tfjs-format/format-error.js';
import { graphEnd } from '../tfjs-format/graph-nodes.js';
import { readModelJson } from '../tfjs-format/manifest.js';
import type { LoadModelFileOptions } from '../node/model-file.js';
import { counted, wordsOf, type FileFacts, type Obstacle } from './inspection.js';

const size = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);
const open = (shape: readonly (number | string | null)[] | null): (number | null)[] =>
  (shape ?? []).map((side) => (typeof side === 'number' && side > 0 ? side : null));

/** What an ONNX file says. @throws AdvrobError of `loadOnnxFile`. */
export async function onnxFacts(who: string, path: string, options: LoadModelFileOptions): Promise<FileFacts> {
  const { model, unsupportedIn, isQuantized } = await openOnnxModel(path, options.maxBytes);
  const obstacles: Obstacle[] = [];
  const tried = <T>(body: () => T): T | undefined => {
    try {
      return body();
    } catch (error) {
      obstacles.push({ where: null, what: wordsOf(error) });
      return undefined;
    }
  };
  const { inputs = {}, output, layout } = options.onnx ?? {};
  const input = tried(() => chooseInput(who, model, Object.keys(inputs), options.layers?.inputShape, layout));
  const taken = tried(() => chooseOutput(who, model, output));
  const needed = taken ? neededFor(model, [taken.name]) : model;
  for (const { node, operator } of unsupportedIn(needed))
    obstacles.push({ where: node, what: `${operator} cannot be differentiated here` });
  const isBytes = input !== undefined && (input.port.elementType === 'uint8' || expectsBytes(model, input.port.name));
  const ports = (all: typeof model.inputs) =>
    all.map(({ name, elementType, shape }) => ({ name, type: elementType, shape: open(shape) }));
  return {
    format: 'onnx',
    producer: [model.producer || 'unknown', `opset ${model.opsets.get('') ?? 1}`].join(', '),
    inputs: ports(model.inputs),
    layout: input?.layout ?? null,
    outputs: ports(model.outputs),
    operators: counted(model.nodes.map(({ operator }) => operator)),
    parameters: [...model.initializers.values()].reduce((sum, { dims }) => sum + size(dims), 0),
    taken: taken ? { output: taken.name, cut: taken.cut ?? null } : null,
    preprocessing: [
      ...(isBytes ? ['it takes bytes, and is given them'] : []),
      ...(isQuantized ? ['its values are rounded to whole numbers'] : []),
    ],
    obstacles,
  };
}

/** What layers say, built from a Keras file or a model.json. */
export function layersFacts(format: 'keras' | 'layers-model', model: LayersModel): FileFacts {
  try {
    const all = layersOf(model);
    const { activation, logits } = splitLayersModel(model);
    const first = all.filter((layer) => layer.getClassName() !== 'InputLayer').slice(0, 3);
    const ports = (tensors: LayersModel['inputs']) =>
      tensors.map(({ name, dtype, shape }) => ({ name, type: dtype, shape: [...shape] }));
    return {
      format,
      producer: format === 'keras' ? 'Keras' : 'Keras or tfjs-layers',
      inputs: ports(model.inputs),
      layout: model.inputs[0]?.shape.length === 4 ? 'NHWC' : null,
      outputs: ports(model.outputs),
      operators: counted(all.map((layer) => layer.getClassName().replace(/^Keras/, ''))),
      parameters: model.weights.reduce((sum, { shape }) => sum + size(shape as number[]), 0),
      taken: {
        output: model.outputs[0]!.sourceLayer.name,
        cut: activation !== undefined && logits !== undefined ? activation : null,
      },
      preprocessing: first.flatMap(preprocessingOf),
      obstacles: [],
    };
  } finally {
    disposeLayersModel(model);
  }
}

function layersOf(model: LayersModel): kerasLayers.Layer[] {
  return model.layers.flatMap((layer) => ('layers' in layer ? layersOf(layer as LayersModel) : [layer]));
}

const short = (value: unknown): number => Number(Number([value].flat()[0]).toPrecision(4));

function preprocessingOf(layer: kerasLayers.Layer): string[] {
  const { scale, offset, height, width } = layer.getConfig();
  if (layer.getClassName() === 'Rescaling')
    return [`layer '${layer.name}' takes x times ${short(scale)} plus ${short(offset)}`];
  if (layer.getClassName() === 'KerasNormalization') return [`layer '${layer.name}' normalises by mean and variance`];
  if (layer.getClassName() === 'KerasResizing')
    return [`layer '${layer.name}' resizes to ${Number(height)} x ${Number(width)}`];
  return [];
}

/** What the model.json of a GraphModel says. @throws AdvrobError `ADVROB_MODEL_FILE`. */
export function graphFacts(who: string, json: Uint8Array): FileFacts {
  const { topology, groups } = readModelJson(json, who, 'graph-model');
  const { output, activation, nodes } = graphEnd(who, topology);
  const weights = groups.flatMap((group) => group.weights);
  const raw = (topology['node'] as unknown[]).filter(isRecord);
  const inputs = [...nodes.values()].filter(({ op }) => op === 'Placeholder');
  const shapes = new Map(raw.map((node) => [node['name'], shapeOf(node['attr'])]));
  return {
    format: 'graph-model',
    producer: 'tensorflowjs_converter',
    inputs: inputs.map(({ name }) => ({ name, type: 'float32', shape: shapes.get(name) ?? [] })),
    layout: shapes.get(inputs[0]?.name)?.length === 4 ? 'NHWC' : null,
    outputs: [{ name: output, type: 'float32', shape: [] }],
    operators: counted([...nodes.values()].flatMap(({ op }) => (/^(Const|Placeholder|NoOp)$/.test(op) ? [] : [op]))),
    parameters: weights.reduce((sum, { shape }) => sum + size(shape), 0),
    taken: { output: activation?.before ?? output, cut: activation?.name ?? null },
    preprocessing: [],
    obstacles: [],
  };
}

/** `{ shape: { shape: { dim: [{ size: '-1' }, ...] } } }` */
function shapeOf(attributes: unknown): (number | null)[] {
  const parts = ['shape', 'shape', 'dim'].reduce<unknown>(
    (value, key) => (isRecord(value) ? value[key] : undefined),
    attributes,
  );
  return Array.isArray(parts) ? open(parts.map((part) => (isRecord(part) ? Number(part['size']) : null))) : [];
}

/** What a safetensors file says. @throws AdvrobError `ADVROB_TENSOR_FILE`. */
export function weightFacts(who: string, bytes: Uint8Array): FileFacts {
  const { records, metadata } = decodeSafetensors(bytes, who);
  const architecture = metadata.get('advrob.architecture');
  const shapes = [...records.values()].map(({ shape }) => shape);
  return {
    format: 'safetensors',
    producer: architecture ?? (metadata.get('format') === 'pt' ? 'PyTorch' : 'unknown'),
    inputs: [],
    layout: null,
    outputs: [],
    operators: [],
    parameters: shapes.reduce((sum, shape) => sum + size(shape), 0),
    taken: null,
    preprocessing: [],
    obstacles: [],
  };
}
