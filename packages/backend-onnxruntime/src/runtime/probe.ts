import { GraphBuilder, blockedDomain } from '../onnx/builder.js';
import { encodeModel } from '../onnx/model.js';
import type { Runtime } from './binding.js';

/**
 * Channels per block of ONNX Runtime's blocked convolution on this CPU: 16 (AVX-512), 8, or 0 where it does not work.
 * Known answer: a 1x1 convolution with 16 channels whose filter reverses the channels.
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
