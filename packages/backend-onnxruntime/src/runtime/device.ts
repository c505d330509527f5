import { allocate } from '../ir/arrays.js';
import type { Buffer, DeviceArray, NumericArray, NumericType, Shape, Value } from '../ir/value.js';
import { GraphBuilder } from '../onnx/builder.js';
import { elementTypes, encodeModel } from '../onnx/model.js';
import type { Counters } from '../stats.js';
import type { NativeSession, Runtime, RuntimeTensor } from './binding.js';

/** Elements that a run left on the device; fetched at most once. */
class DeviceBuffer implements Buffer {
  holders = 0;
  isRecycled = false;
  readonly isPoolable = false;
  here: NumericArray | null = null;

  constructor(
    readonly device: DeviceArray,
    private readonly read: () => NumericArray,
  ) {}

  get array(): NumericArray {
    return (this.here ??= this.read());
  }
}

/**
 * The memory of a GPU: arrays go up when a graph first takes them and stay, results come down when
 * somebody reads them. What ONNX Runtime calls a tensor in a `gpu-buffer` belongs here alone and is
 * read by a session of its own: its `getData()` ends the process (onnxruntime-node 1.30).
 */
export class Device {
  private readonly live = new Set<DeviceArray>();
  private readonly sessions = new Map<string, NativeSession>();

  constructor(
    private readonly runtime: Runtime,
    private readonly optionsFor: (results: 'gpu-buffer' | 'cpu') => object,
    private readonly counters: Counters,
  ) {}

  /** The value as a graph takes it. */
  feed({ buffer, dtype, shape, size }: Value): RuntimeTensor {
    if (size === 0) return this.runtime.tensor(dtype, buffer!.array, shape);
    const held = (buffer!.device ??= this.upload(buffer!.array, dtype, shape));
    const known = held.get(shape.join());
    if (known) return known;
    const [other] = held.values();
    const reshaped = this.reshaped(other!, dtype, shape);
    held.set(shape.join(), reshaped);
    return reshaped;
  }

  /** Takes over a result that a session left on the device. */
  bufferOf(result: RuntimeTensor, dtype: NumericType, size: number): Buffer {
    const held: DeviceArray = new Map([[result.dims.join(), result]]);
    this.live.add(held);
    return new DeviceBuffer(held, () => this.download(result, dtype, size));
  }

  release(buffer: Buffer): void {
    if (buffer.device === null) return;
    for (const tensor of buffer.device.values()) tensor.dispose!();
    this.live.delete(buffer.device);
  }

  /** There are no copies of flags on a GPU: they travel as int32. */
  private upload(array: NumericArray, dtype: NumericType, shape: Shape): DeviceArray {
    this.counters.deviceUploads++;
    this.counters.deviceUploadBytes += array.byteLength;
    const isFlags = dtype === 'bool';
    const from = isFlags
      ? this.runtime.tensor('int32', Int32Array.from(array), shape)
      : this.runtime.tensor(dtype, array, shape);
    const tensor = this.copied('gpu-buffer', from, isFlags ? 'bool' : dtype);
    const held: DeviceArray = new Map([[shape.join(), tensor]]);
    this.live.add(held);
    return held;
  }

  private download(tensor: RuntimeTensor, dtype: NumericType, size: number): NumericArray {
    this.counters.deviceReads++;
    const array = allocate(dtype, size);
    this.counters.deviceReadBytes += array.byteLength;
    const found = this.copied('cpu', tensor, dtype === 'bool' ? 'int32' : dtype);
    array.set(found.data as NumericArray);
    return array;
  }

  private copied(to: 'gpu-buffer' | 'cpu', from: RuntimeTensor, dtype: NumericType): RuntimeTensor {
    const source = from.type as NumericType;
    const session = this.session(`copy to ${to} ${source} ${dtype}`, to, (graph) => {
      const x = graph.anyInput(source, 'x');
      const copy =
        source === dtype ? graph.emit('Identity', [x]) : graph.emit('Cast', [x], { to: elementTypes[dtype] });
      graph.anyOutput(copy, dtype, 'y');
    });
    return session.run({ x: from }, { y: null }, {})['y']!;
  }

  private reshaped(tensor: RuntimeTensor, dtype: NumericType, shape: Shape): RuntimeTensor {
    const session = this.session(`reshape ${dtype}`, 'gpu-buffer', (graph) => {
      const inputs = [graph.anyInput(dtype, 'x'), graph.anyInput('int64', 'shape')];
      graph.anyOutput(graph.emit('Reshape', inputs), dtype, 'y');
    });
    const extents = this.runtime.tensor('int64', BigInt64Array.from(shape, BigInt), [shape.length]);
    return session.run({ x: tensor, shape: extents }, { y: null }, {})['y']!;
  }

  private session(name: string, results: 'gpu-buffer' | 'cpu', build: (graph: GraphBuilder) => void): NativeSession {
    const known = this.sessions.get(name);
    if (known) return known;
    const graph = new GraphBuilder();
    build(graph);
    const model = encodeModel(graph.finish());
    const session = this.runtime.createSession();
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, this.optionsFor(results));
    this.sessions.set(name, session);
    return session;
  }

  dispose(): void {
    for (const held of this.live) for (const tensor of held.values()) tensor.dispose!();
    this.live.clear();
    for (const session of this.sessions.values()) session.dispose();
    this.sessions.clear();
  }
}
