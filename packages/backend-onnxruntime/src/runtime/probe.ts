import { OnnxRuntimeSetupError } from '../errors.js';
import { blockedDomain, GraphBuilder } from '../onnx/builder.js';
import { encodeModel } from '../onnx/model.js';
import type { ResolvedOptions } from '../options.js';
import type { Runtime } from './binding.js';
import { sessionOptions } from './sessions.js';

/**
 * Channels per block of ONNX Runtime's blocked convolution on this CPU: 16 (AVX-512), 8, or 0 where
 * it does not work. Known answer: a 1x1 convolution with 16 channels whose filter reverses the
 * channels.
 */
export function probeBlockSize(runtime: Runtime): 16 | 8 | 0 {
  for (const block of [16, 8] as const) if (reversesChannels(runtime, block)) return block;
  return 0;
}

const channels = 16;
const pixels = 4;

function reversesChannels(runtime: Runtime, block: number): boolean {
  const graph = new GraphBuilder();
  const x = graph.input('float32', [1, 2, 2, channels]);
  const filter: number[] = new Array<number>(channels * channels).fill(0);
  for (let o = 0; o < channels; o++) {
    const i = channels - 1 - o;
    // OIHW with both channel axes blocked: [O/block, I/block, in block, out block].
    filter[
      ((Math.floor(o / block) * (channels / block) + Math.floor(i / block)) * block + (i % block)) * block + (o % block)
    ] = 1;
  }
  const weights = graph.constant('float32', [channels, channels, 1, 1], filter);
  const blocked = graph.emit('ReorderInput', [x], { channels_last: 1 }, blockedDomain);
  const y = graph.emit(
    'Conv',
    [blocked, weights],
    { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0] },
    blockedDomain,
  );
  const back = graph.emit('ReorderOutput', [y], { channels, channels_last: 1 }, blockedDomain);
  const result = graph.output(back, 'float32', [1, 2, 2, channels]);
  const model = encodeModel(graph.finish());
  const data = Float32Array.from({ length: pixels * channels }, (_, index) => index + 1);
  try {
    const session = runtime.createSession();
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, { intraOpNumThreads: 1, logSeverityLevel: 4 });
    const output = session.run({ [x]: runtime.tensor('float32', data, [1, 2, 2, channels]) }, { [result]: null }, {});
    session.dispose();
    const values = output[result]!.data as Float32Array;
    return data.every((_, index) => {
      const pixel = Math.floor(index / channels);
      return values[index] === pixel * channels + (channels - (index % channels));
    });
  } catch {
    return false; // this build of ONNX Runtime lacks the op, or its blocks have another size
  }
}

/** What each provider needs besides the package. */
const requirements: Readonly<Record<string, string>> = {
  webgpu:
    'a GPU that Dawn can open: on Linux libvulkan.so.1 (Debian: apt-get install libvulkan1) and the Vulkan driver of the card, ' +
    'on Windows Direct3D 12, on macOS Metal',
  cuda: 'an NVIDIA GPU with CUDA 12 and cuDNN 9, and libonnxruntime_providers_cuda, which `npm rebuild onnxruntime-node` downloads',
};

/**
 * Loads a one-op graph on the asked provider, since ONNX Runtime lists providers that this machine
 * cannot use.
 *
 * @throws OnnxRuntimeSetupError naming what was looked for when it cannot.
 */
export function checkProvider(runtime: Runtime, options: ResolvedOptions): void {
  const provider = options.executionProvider;
  if (!runtime.providers.includes(provider))
    throw new OnnxRuntimeSetupError(
      `The execution provider '${provider}' is not part of this onnxruntime-node; it has ${runtime.providers.join(', ')}. ` +
        'Leave executionProvider out to use the CPU.',
    );
  if (provider === 'cpu') return;
  const graph = new GraphBuilder();
  const x = graph.input('float32', [1]);
  graph.output(graph.emit('Neg', [x]), 'float32', [1]);
  const model = encodeModel(graph.finish());
  try {
    const session = runtime.createSession();
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, sessionOptions(options));
    session.dispose();
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    // Not the path of the line of C++ and the condition that it found false.
    const reason = (/was false\. (.*)/.exec(said)?.[1] ?? said).trim().replace(/\.$/, '');
    throw new OnnxRuntimeSetupError(
      `The execution provider '${provider}' cannot be used here: looked for ${requirements[provider] ?? 'its device'}, and ` +
        `ONNX Runtime said: ${reason}. Leave executionProvider out to use the CPU.`,
      { cause },
    );
  }
}
