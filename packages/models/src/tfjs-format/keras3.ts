import { formatError, isRecord } from './format-error.js';

// Keras 3 writes a topology in other words than Keras 2, which tfjs-layers reads: objects for types
// and tensors, flat lists of inputs, operations between layers. Here they become Keras 2's.

type Json = Record<string, unknown>;

/** Names of activations that tfjs-layers has under another name, or not at all (see extra-layers). */
const activations: Readonly<Record<string, string>> = {
  silu: 'swish',
  hard_sigmoid: 'kerasHardSigmoid',
  hard_silu: 'kerasHardSilu',
  hard_swish: 'kerasHardSilu',
  exponential: 'kerasExponential',
  leaky_relu: 'kerasLeakyRelu',
  log_sigmoid: 'kerasLogSigmoid',
  hard_tanh: 'kerasHardTanh',
  tanh_shrink: 'kerasTanhShrink',
  squareplus: 'kerasSquareplus',
  celu: 'elu',
};
/** Those that are the same in both. */
const sameActivations: readonly string[] = [
  ...['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'softplus', 'softsign', 'tanh', 'softmax', 'log_softmax'],
  ...['gelu', 'mish', 'swish'],
];

/** Layers that change nothing once a model is trained. */
const ofTraining =
  /^(SpatialDropout[23]D|ActivityRegularization|Random(Flip|Rotation|Zoom|Contrast|Translation|Brightness|Hue|Saturation|Sharpness|Grayscale|ColorJitter|Shear|ColorDegeneration|Posterization|Perspective|GaussianBlur|Erasing))$/;

/** Layers that are called as if in training, and ask nothing of it, or are told at every use. */
const ofPictures = /^(Random|Resizing$|Rescaling$|Normalization$|CenterCrop$)/;

const models = ['Functional', 'Sequential', 'Model'];

/** Whether a model's JSON has anything that Keras 2 did not write. */
export function isKeras3(topology: Readonly<Json>): boolean {
  const { keras_version: version, model_config: model } = topology;
  return (typeof version === 'string' && Number.parseInt(version) >= 3) || (isRecord(model) && 'module' in model);
}

/**
 * A topology of Keras 3 as Keras 2 would have written it. Initialisers, regularisers and constraints
 * are left out: they say nothing of a trained model.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE` naming the layer, for layers and operations of one's own
 *   and for what Keras 2 has no words for.
 */
export function asKeras2(file: string, topology: Readonly<Json>): Json {
  const model = topology['model_config'];
  if (!isRecord(model)) throw formatError(file, 'modelTopology has no model_config');
  const isOld = String(topology['keras_version']).startsWith('2.');
  return { ...topology, model_config: layerOf({ file, isOld }, model, 0) };
}

/** A file, and whether Keras 2 wrote it in the words of Keras 3, as its last versions did. */
interface Source {
  readonly file: string;
  readonly isOld: boolean;
}

function layerOf(source: Source, layer: Json, depth: number): Json {
  const { file } = source;
  const { module, class_name: className, config } = layer;
  if (depth > 50) throw formatError(file, 'modelTopology is nested more than 50 levels deep');
  if (typeof className !== 'string' || !isRecord(config))
    throw formatError(file, 'modelTopology has a layer without class_name and config');
  const name = typeof config['name'] === 'string' ? config['name'] : className;
  const isOperation = typeof module === 'string' && /^keras\.(src\.)?ops\b/.test(module);
  const forgetsTraining = ofPictures.test(className) && !isOperation;
  const nodes = callsOf(file, name, layer['inbound_nodes'], { className, isOperation, forgetsTraining });
  const named = { name: layer['name'] ?? name, ...(nodes && { inbound_nodes: nodes.map(({ tensors }) => tensors) }) };
  if (isOperation) return { ...named, ...operation(file, name, className, config, nodes ?? []) };
  checkIsKeras(file, name, layer);
  if (ofTraining.test(className)) return { ...named, class_name: 'KerasTrainingOnly', config: { name } };
  if (className === 'Identity') return { ...named, class_name: 'Activation', config: { name, activation: 'linear' } };
  const rewritten = configOf(source, name, className, config, depth);
  return { ...named, class_name: className === 'Model' ? 'Functional' : className, config: rewritten };
}

/**
 * A class of somebody's own has the name of a package, or no module of Keras; Keras 2 for new
 * versions of TensorFlow is called tf_keras.
 */
function checkIsKeras(file: string, name: string, { module, class_name, registered_name }: Json): void {
  const isForeign = typeof registered_name === 'string' && registered_name.includes('>');
  if (!isForeign && (module === undefined || (typeof module === 'string' && /^(tf_)?keras(\.|$)/.test(module)))) return;
  throw unsupported(file, `layer '${name}' is ${String(registered_name ?? class_name)}, a class outside of Keras`);
}

function configOf(source: Source, name: string, className: string, config: Json, depth: number): Json {
  const { file } = source;
  const kept = Object.entries(config).filter(
    ([key]) =>
      !/_(initializer|regularizer|constraint)$|^(build_input_shape|shared_object_id|activity_regularizer)$/.test(key),
  );
  const result = Object.fromEntries(
    kept.map(([key, value]): [string, unknown] => {
      if (key === 'dtype') return [key, dtypeOf(file, name, value)];
      if (key === 'batch_shape' || key === 'batch_input_shape')
        return ['batch_input_shape', Array.isArray(value) ? [null, ...(value.slice(1) as unknown[])] : value];
      if (key === 'activation' || key === 'recurrent_activation') return [key, activationOf(source, name, value)];
      if ((key === 'layer' || key === 'backward_layer') && isRecord(value)) {
        const inner = layerOf(source, value, depth + 1);
        if (!models.includes(String(inner['class_name']))) return [key, inner];
        throw unsupported(file, `layer '${name}' (${className}) holds a model`);
      }
      return [key, value];
    }),
  );
  if (!models.includes(className)) return result;
  if (!Array.isArray(config['layers']))
    throw unsupported(file, `'${name}' is a model without a list of layers, whose code is in Python`);
  const layers = config['layers'].map((each) => {
    if (!isRecord(each)) throw formatError(file, `model '${name}' has a layer that is no object`);
    return layerOf(source, each, depth + 1);
  });
  if (className === 'Sequential') return { ...result, layers: withInput(layers, config['build_input_shape']) };
  const ends = [endsOf(file, name, config['input_layers']), endsOf(file, name, config['output_layers'])] as const;
  shiftCalls(layers, ends[1]);
  return { ...result, layers, input_layers: ends[0], output_layers: ends[1] };
}

function withInput(layers: readonly Json[], shape: unknown): readonly Json[] {
  if (layers.length === 0 || layers[0]!['class_name'] === 'InputLayer' || !Array.isArray(shape)) return layers;
  const config = { name: 'input', dtype: 'float32', batch_input_shape: [null, ...(shape.slice(1) as unknown[])] };
  return [{ class_name: 'InputLayer', config }, ...layers];
}

/** A policy as its name. Half precision is computed in float32 here. */
function dtypeOf(file: string, name: string, value: unknown): string {
  const policy = isRecord(value) ? value : { class_name: 'DTypePolicy', config: { name: value ?? 'float32' } };
  const said = isRecord(policy['config']) ? policy['config']['name'] : undefined;
  if (/^(DTypePolicy|Policy)$/.test(String(policy['class_name'])) && typeof said === 'string') {
    if (/^(mixed_)?b?float16$|^float(32|64)$/.test(said)) return 'float32';
    if (/^(u?int(8|16|32|64)|bool)$/.test(said)) return said === 'bool' ? 'bool' : 'int32';
  }
  throw unsupported(file, `layer '${name}' computes in ${JSON.stringify(said ?? value)}`);
}

function activationOf({ file, isOld }: Source, name: string, value: unknown): unknown {
  if (value === null || value === undefined) return 'linear';
  const said = isRecord(value) && /^(tf_)?keras/.test(String(value['module'])) ? value['config'] : value;
  if (typeof said === 'string' && sameActivations.includes(said)) return said;
  if (isOld && said === 'hard_sigmoid') return said;
  if (typeof said === 'string' && Object.hasOwn(activations, said)) return activations[said];
  throw unsupported(file, `layer '${name}' has the activation ${JSON.stringify(said)}`);
}

/** One call: what it is given as Keras 2 lists it, and everything else. */
interface LayerCall {
  readonly tensors: readonly (readonly [string, number, number, Json])[];
  readonly shapes: readonly unknown[];
  readonly others: readonly unknown[];
}

function callsOf(
  file: string,
  name: string,
  nodes: unknown,
  { className, isOperation, forgetsTraining }: { className: string; isOperation: boolean; forgetsTraining: boolean },
): LayerCall[] | undefined {
  if (!Array.isArray(nodes)) return undefined;
  return nodes.map((node: unknown): LayerCall => {
    // As Keras 2 wrote it, in its own .keras files.
    if (Array.isArray(node)) return { tensors: node as never, shapes: [], others: [] };
    if (!isRecord(node) || !Array.isArray(node['args']))
      throw formatError(file, `layer '${name}' has an inbound node that is no call`);
    const args = node['args'] as unknown[];
    const { training, ...rest } = isRecord(node['kwargs']) ? node['kwargs'] : {};
    const given = forgetsTraining || training === undefined ? rest : { training, ...rest };
    const [first, ...more] = args;
    const listed = isOperation ? args : Array.isArray(first) ? (first as unknown[]) : [first];
    const tensors = listed.filter(isTensor);
    if (!isOperation && (more.some((each) => each !== null) || tensors.length !== listed.length))
      throw unsupported(file, `layer '${name}' (${className}) is called with something beside its inputs`);
    return {
      tensors: tensors.map(({ config }) => [...historyOf(file, name, config), given] as const),
      shapes: tensors.map(({ config }) => config['shape']),
      others: [...listed.filter((each) => !isTensor(each)), ...Object.values(given).filter((each) => each !== null)],
    };
  });
}

function isTensor(value: unknown): value is { config: Json } {
  return isRecord(value) && value['class_name'] === '__keras_tensor__' && isRecord(value['config']);
}

function historyOf(file: string, name: string, { keras_history: history }: Json): [string, number, number] {
  const [layer, node, index] = Array.isArray(history) ? (history as unknown[]) : [];
  if (typeof layer !== 'string' || !Number.isSafeInteger(node) || !Number.isSafeInteger(index))
    throw formatError(file, `layer '${name}' has an input without keras_history`);
  return [layer, node as number, index as number];
}

/** `["a", 0, 0]` or a list of them. */
function endsOf(file: string, name: string, value: unknown): [string, number, number][] {
  const list = Array.isArray(value) && typeof value[0] === 'string' ? [value] : value;
  if (!Array.isArray(list)) throw unsupported(file, `model '${name}' names its inputs or outputs in a dictionary`);
  return list.map((each) => historyOf(file, name, { keras_history: each }));
}

/**
 * In Keras 2 and tfjs-layers a model is called once by being made, so that its calls by others count
 * from 1. Versions of Keras 3 differ; each call of a model is somebody's input or an output.
 */
function shiftCalls(layers: readonly Json[], outputs: [string, number, number][]): void {
  for (const layer of layers) {
    const nodes = layer['inbound_nodes'];
    if (!models.includes(String(layer['class_name'])) || !Array.isArray(nodes)) continue;
    const inputs = layers.flatMap((each) => (each['inbound_nodes'] ?? []) as [string, number, number][][]).flat();
    const uses = [...inputs, ...outputs].filter(([from]) => from === layer['name']);
    if (uses.every(([, index]) => index > 0)) continue;
    for (const use of uses) use[1]++;
  }
}

/** Operations between layers: `x + y`, `x / 255`, `keras.ops.relu(x)`. */
function operation(file: string, name: string, op: string, config: Json, calls: readonly LayerCall[]): Json {
  const [call] = calls;
  const isPlain = Object.keys(config).every((key) => ['name', 'dtype', 'trainable'].includes(key));
  if (call && calls.length === 1 && isPlain) {
    const [other, ...more] = call.others;
    if (call.tensors.length === 2 && call.others.length === 0 && /^(Add|Multiply|Maximum|Minimum)$/.test(op))
      if (JSON.stringify(call.shapes[0]) === JSON.stringify(call.shapes[1]))
        return { class_name: op, config: { name } };
    const activation = { Relu: 'relu', Sigmoid: 'sigmoid', Tanh: 'tanh', Silu: 'swish' }[op];
    if (call.tensors.length === 1 && call.others.length === 0 && activation !== undefined)
      return { class_name: 'Activation', config: { name, activation } };
    const scaling =
      typeof other === 'number' && more.length === 0 && call.tensors.length === 1 ? scalingOf(op, other) : undefined;
    if (scaling) return { class_name: 'Rescaling', config: { name, ...scaling } };
  }
  throw unsupported(file, `'${name}' is the operation ${op} between layers`);
}

function scalingOf(op: string, value: number): { scale: number; offset: number } | undefined {
  if (op === 'Add') return { scale: 1, offset: value };
  if (op === 'Multiply') return { scale: value, offset: 0 };
  if ((op === 'TrueDivide' || op === 'Divide') && value !== 0) return { scale: 1 / value, offset: 0 };
  return undefined;
}

/** The error for what cannot be computed here, with the way round. */
export function unsupported(file: string, problem: string): Error {
  return formatError(
    file,
    `${problem}, which is not computed here: export the model in Keras, model.export("net.onnx", format="onnx"), and take net.onnx`,
  );
}
