import { OnnxRuntimeSetupError } from '../errors.js';
import { GraphBuilder } from '../onnx/builder.js';
import { encodeModel } from '../onnx/model.js';
import type { ResolvedOptions } from '../options.js';
import type { Runtime } from './binding.js';
import { sessionOptions } from './session-options.js';

/** What each provider needs besides the package. */
const requirements: Readonly<Record<string, string>> = {
  webgpu: 'a GPU that Dawn can open (Vulkan on Linux, Direct3D 12 on Windows, Metal on macOS)',
  cuda: 'an NVIDIA GPU with CUDA 12 and cuDNN 9, and libonnxruntime_providers_cuda, which `npm rebuild onnxruntime-node` downloads',
};

/**
 * Loads a one-op graph on the asked provider, since ONNX Runtime lists providers that this machine cannot use.
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
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OnnxRuntimeSetupError(
      `The execution provider '${provider}' cannot be used here: looked for ${requirements[provider] ?? 'its device'}, and ` +
        `ONNX Runtime said: ${reason}. Leave executionProvider out to use the CPU.`,
      { cause },
    );
  }
}
