import { formatError, isRecord } from './format-error.js';
import { isKeras3, unsupported } from './keras3.js';

type Config = Readonly<Record<string, unknown>>;

/** What is known of the options of a layer of Keras. */
interface LayerOptions {
  /** Those that tfjs-layers computes with as Keras does. */
  readonly understood?: readonly string[];
  /** Those that it ignores, or computes otherwise, with the values at which that changes nothing. */
  readonly neutral?: Readonly<Record<string, readonly unknown[]>>;
  /** Another layer, or other options, that say the same to tfjs-layers. */
  readonly rewrite?: (config: Config) => Rewritten;
}

interface Rewritten {
  readonly class_name?: string;
  readonly config: Config;
}

/** Of any layer: names, types, and what Keras 3 adds. */
const always: readonly string[] = [
  ...['name', 'trainable', 'dtype', 'batch_input_shape', 'batch_shape', 'input_dtype', 'activity_regularizer'],
  ...['registered_name', 'module', 'build_config', 'input_shape', 'input_dim', 'input_length', 'autocast'],
];
const alwaysNeutral: NonNullable<LayerOptions['neutral']> = {
  sparse: [false],
  ragged: [false],
  optional: [false],
  quantization_config: [],
  lora_rank: [],
};
/** They matter when a layer is made or trained, not for what it computes. */
const ofTraining = /(_initializer|_regularizer|_constraint|^seed|momentum$|^rng_state|_dropout|^noise_shape)$/;

const ones = (value: unknown): boolean => [value].flat().every((side) => side === 1);
const conv = ['filters', 'kernel_size', 'strides', 'padding', 'data_format', 'activation', 'use_bias'];
const pool = ['pool_size', 'strides', 'padding'];
const recurrent = {
  understood: [
    ...['units', 'activation', 'recurrent_activation', 'use_bias', 'dropout', 'implementation', 'return_sequences'],
    ...['return_state', 'go_backwards', 'stateful', 'unroll', 'unit_forget_bias', 'use_cudnn'],
  ],
  neutral: { time_major: [false], zero_output_for_mask: [false, true] },
};
const globalPool = { understood: ['data_format'], neutral: { keepdims: [false] } };
const merged = {};

const layers: Readonly<Record<string, LayerOptions>> = {
  InputLayer: {},
  Dense: { understood: ['units', 'activation', 'use_bias'] },
  Activation: { understood: ['activation'] },
  Dropout: { understood: ['rate'] },
  KerasTrainingOnly: {},
  SpatialDropout1D: { understood: ['rate'] },
  GaussianDropout: { understood: ['rate'] },
  AlphaDropout: { understood: ['rate'] },
  GaussianNoise: { understood: ['stddev'] },
  Flatten: { understood: ['data_format'] },
  Reshape: { understood: ['target_shape'] },
  Permute: { understood: ['dims'] },
  RepeatVector: { understood: ['n'] },
  Masking: { understood: ['mask_value'] },
  Embedding: { understood: ['input_dim', 'output_dim', 'mask_zero'] },
  Conv1D: {
    understood: [...conv.filter((each) => each !== 'padding'), 'dilation_rate'],
    neutral: { groups: [1], padding: ['valid', 'same'] },
  },
  Conv2D: { understood: [...conv, 'dilation_rate'], neutral: { groups: [1] } },
  Conv3D: { understood: [...conv, 'dilation_rate'], neutral: { groups: [1] } },
  // depth_multiplier is that of a separable convolution too.
  SeparableConv2D: {
    understood: [...conv, 'dilation_rate', 'depth_multiplier'],
    neutral: { groups: [1] },
    // Keras 2 writes those of its parent class, which tfjs-layers refuses.
    rewrite: (config) => ({
      config: Object.fromEntries(
        Object.entries(config).filter(([key]) => !/^kernel_(initializer|regularizer|constraint)$/.test(key)),
      ),
    }),
  },
  DepthwiseConv2D: { understood: [...conv, 'depth_multiplier'], neutral: { groups: [1], dilation_rate: [1] } },
  Conv2DTranspose: { understood: conv, neutral: { output_padding: [], groups: [1], dilation_rate: [1] } },
  Conv3DTranspose: { understood: conv, neutral: { output_padding: [], groups: [1], dilation_rate: [1] } },
  MaxPooling1D: { understood: pool, neutral: { data_format: ['channels_last'] } },
  AveragePooling1D: { understood: pool, neutral: { data_format: ['channels_last'] } },
  MaxPooling2D: { understood: [...pool, 'data_format'] },
  AveragePooling2D: { understood: [...pool, 'data_format'] },
  MaxPooling3D: { understood: [...pool, 'data_format'] },
  AveragePooling3D: { understood: [...pool, 'data_format'] },
  GlobalAveragePooling1D: { neutral: { data_format: ['channels_last'], keepdims: [false] } },
  GlobalMaxPooling1D: { neutral: { data_format: ['channels_last'], keepdims: [false] } },
  GlobalAveragePooling2D: globalPool,
  GlobalMaxPooling2D: globalPool,
  ZeroPadding2D: { understood: ['padding', 'data_format'] },
  Cropping2D: { understood: ['cropping', 'data_format'] },
  // Keras takes the centres of pixels, tfjs-layers their corners.
  UpSampling2D: { understood: ['size', 'data_format'], neutral: { interpolation: ['nearest'] } },
  Rescaling: { understood: ['scale', 'offset'] },
  // Layers of ours, which compute as Keras does.
  Normalization: {
    understood: ['axis', 'invert', 'mean', 'variance'],
    rewrite: (config) => ({ class_name: 'KerasNormalization', config }),
  },
  Resizing: {
    understood: ['height', 'width'],
    neutral: {
      ...{ interpolation: ['bilinear', 'nearest'], data_format: ['channels_last'], antialias: [false] },
      ...{ crop_to_aspect_ratio: [false], pad_to_aspect_ratio: [false], fill_mode: ['constant'], fill_value: [0] },
    },
    rewrite: (config) => ({ class_name: 'KerasResizing', config }),
  },
  BatchNormalization: {
    understood: ['axis', 'epsilon', 'center', 'scale', 'fused'],
    neutral: { renorm: [false], synchronized: [false], virtual_batch_size: [], adjustment: [] },
    rewrite: ({ axis, ...config }) => ({
      config: { ...config, axis: Array.isArray(axis) && axis.length === 1 ? (axis[0] as unknown) : axis },
    }),
  },
  LayerNormalization: { understood: ['axis', 'epsilon', 'center', 'scale'], neutral: { rms_scaling: [false] } },
  ELU: { understood: ['alpha'] },
  PReLU: { understood: ['shared_axes'] },
  Softmax: { understood: ['axis'] },
  ThresholdedReLU: { understood: ['theta'] },
  LeakyReLU: {
    understood: ['alpha'],
    rewrite: ({ negative_slope, ...config }) => ({
      config: typeof negative_slope === 'number' ? { ...config, alpha: negative_slope } : config,
    }),
  },
  ReLU: { understood: ['max_value'], neutral: { negative_slope: [0], threshold: [0] }, rewrite: rewriteRelu },
  Add: merged,
  Multiply: merged,
  Average: merged,
  Maximum: merged,
  Minimum: merged,
  Concatenate: { understood: ['axis'] },
  Dot: { understood: ['axes', 'normalize'] },
  LSTM: recurrent,
  // tfjs-layers has the GRU of before cuDNN alone.
  GRU: { ...recurrent, neutral: { ...recurrent.neutral, reset_after: [false] } },
  SimpleRNN: recurrent,
  TimeDistributed: { understood: ['layer'] },
  Bidirectional: { understood: ['layer', 'backward_layer', 'merge_mode', 'weights'] },
};

const models = ['Functional', 'Sequential', 'Model'];

/** Layers that tfjs-layers has under the name of Keras', and computes otherwise. */
const otherwise: Readonly<Record<string, string>> = {
  CenterCrop: 'it resizes otherwise than Keras where pictures are smaller: crop the data before',
};

/** x above the threshold, slope (x - threshold) below. */
function rewriteRelu(config: Config): Rewritten {
  const { negative_slope: slope, threshold, max_value: most, ...rest } = config;
  const isOpen = most === null || most === undefined;
  if (isOpen && isOther(slope) && !isOther(threshold))
    return { class_name: 'LeakyReLU', config: { ...rest, alpha: slope } };
  if (isOpen && isOther(threshold) && !isOther(slope))
    return { class_name: 'ThresholdedReLU', config: { ...rest, theta: threshold } };
  return { config };
}

function isOther(value: unknown): boolean {
  return typeof value === 'number' && value !== 0;
}

/**
 * A topology of Keras as tfjs-layers computes the same: it drops options that it does not know, and
 * calls some by other names. What tfjs-layers wrote itself comes back as it is.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE` naming the layer and the option that it would drop.
 */
export function understandKeras(file: string, topology: Config): Record<string, unknown> {
  const version = versionOf(topology);
  if (version.startsWith('tfjs-layers')) return topology as Record<string, unknown>;
  const context: Context = { file, isKeras3: isKeras3(topology), masks: [], averages: [], zeros: [] };
  const understood = walk(context, topology) as Record<string, unknown>;
  const [mask] = context.masks;
  const [average] = context.averages;
  if (mask !== undefined && average !== undefined)
    throw refusal(
      file,
      `layer '${mask}' masks what layer '${average}' averages: tfjs-layers averages over the masked steps too`,
    );
  const [zero] = context.zeros;
  if (mask !== undefined && zero !== undefined)
    throw refusal(file, `layer '${mask}' masks steps for which layer '${zero}' gives zeros: tfjs-layers does not`);
  return understood;
}

interface Context {
  readonly file: string;
  readonly isKeras3: boolean;
  /** Layers that mask steps, and those that average over all. */
  readonly masks: string[];
  readonly averages: string[];
  /** Layers that give zeros for masked steps. */
  readonly zeros: string[];
}

function versionOf(topology: Config): string {
  const version = topology['keras_version'] ?? topology['kerasVersion'];
  return typeof version === 'string' ? version : '';
}

function walk(context: Context, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(context, item));
  if (!isRecord(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(context, item)]));
  const className = copy['class_name'] ?? copy['className'];
  const { config } = copy;
  if (typeof className !== 'string' || !isRecord(config)) return copy;
  const name = typeof config['name'] === 'string' ? config['name'] : className;
  checkCalls(context.file, name, copy['inbound_nodes'] ?? copy['inboundNodes']);
  if (Object.hasOwn(otherwise, className))
    throw refusal(
      context.file,
      `layer '${name}' is ${className}, which tfjs-layers computes otherwise than Keras: ${otherwise[className]}`,
    );
  const options = Object.hasOwn(layers, className) ? layers[className]! : undefined;
  if (options === undefined) {
    if (context.isKeras3 && !models.includes(className))
      throw unsupported(context.file, `layer '${name}' is ${className}`);
    return copy;
  }
  if (className === 'Masking' || (className === 'Embedding' && snake(config)['mask_zero'] === true))
    context.masks.push(name);
  if (className === 'GlobalAveragePooling1D') context.averages.push(name);
  if (snake(config)['zero_output_for_mask'] === true) context.zeros.push(name);
  const rewritten = options.rewrite?.(snake(config)) ?? { config: snake(config) };
  const becomes = rewritten.class_name ?? className;
  checkOptions(context.file, name, className, rewritten.config, layers[becomes] ?? options);
  return { ...copy, ['class_name' in copy ? 'class_name' : 'className']: becomes, config: rewritten.config };
}

/** tfjs-layers writes and reads both spellings. */
function snake(config: Config): Config {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

function checkOptions(file: string, name: string, className: string, config: Config, options: LayerOptions): void {
  const neutral = { ...alwaysNeutral, ...options.neutral };
  for (const [key, value] of Object.entries(config)) {
    if (value === null || always.includes(key) || ofTraining.test(key) || options.understood?.includes(key)) continue;
    const allowed = Object.hasOwn(neutral, key) ? neutral[key]! : [];
    if (allowed.includes(value) || (allowed.includes(1) && ones(value))) continue;
    throw refusal(
      file,
      `layer '${name}' (${className}) has ${key} = ${JSON.stringify(value)}, which tfjs-layers ignores or computes otherwise`,
    );
  }
}

/** What a layer is called with beside its inputs, such as training: tfjs-layers forgets it. */
function checkCalls(file: string, name: string, nodes: unknown): void {
  for (const node of Array.isArray(nodes) ? (nodes as unknown[]) : [])
    for (const input of Array.isArray(node) ? (node as unknown[]) : []) {
      const given: unknown = Array.isArray(input) ? input[3] : undefined;
      for (const [key, value] of Object.entries(isRecord(given) ? given : {}))
        if (value !== null && !(key === 'training' && value === false))
          throw refusal(
            file,
            `layer '${name}' is called with ${key} = ${JSON.stringify(value)}, which tfjs-layers forgets`,
          );
    }
}

function refusal(file: string, problem: string): Error {
  return formatError(
    file,
    `${problem}: the model would compute something else; change it in Keras, or convert it to a GraphModel`,
  );
}
