import {
  backend_util,
  DataStorage,
  engine,
  KernelBackend,
  type BackendTimingInfo,
  type DataType,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { TensorStateError } from './errors.js';
import { buffersReadBy } from './flush/collect.js';
import { Executor } from './flush/executor.js';
import { allocate, repeatedNumber } from './ir/arrays.js';
import { bufferOf, computed, recording, splat } from './ir/create.js';
import { sizeOf } from './ir/shape.js';
import type { NumericArray, NumericType, Value } from './ir/value.js';
import type { ResolvedOptions } from './options.js';
import type { Runtime } from './runtime/binding.js';
import { cardOf } from './runtime/card.js';
import { newCounters, type OnnxRuntimeStats } from './stats.js';
import { reshape } from './values/shape.js';

/**
 * What a data id stands for. Strings and complex numbers are kept only for the cpu kernels that use
 * them.
 */
type Entry =
  | { readonly kind: 'value'; readonly value: Value; references: number }
  | { readonly kind: 'strings'; readonly strings: Uint8Array[]; references: number }
  | { readonly kind: 'complex'; readonly real: TensorInfo; readonly imag: TensorInfo; references: number };

type BackendValues = Float32Array | Int32Array | Uint8Array | Uint8Array[];

/** Bytes of memory that nobody holds from which on it pays to look for what reads it. */
const leastUnheld = 1024 * 1024;

/** Fetches the data of a tensor that another backend holds; what no backend has was disposed. */
function moveData(backend: KernelBackend, dataId: object): void {
  const source = engine();
  if (!source.state.tensorInfo.has(dataId))
    throw new TensorStateError(
      'the tensor is disposed, or the backend that held it is gone. Keep it with tf.keep() or return it from tf.tidy().',
    );
  source.moveData(backend, dataId);
}

/**
 * A tfjs backend whose kernels only record. Reading a value computes every live recorded value in
 * one ONNX graph; values that were disposed before are never stored.
 */
export class OnnxRuntimeBackend extends KernelBackend {
  readonly counters = newCounters();
  readonly executor: Executor;
  /** What it computes on besides the CPU, for records; see {@link cardOf}. */
  readonly card: string | null;
  private entries: DataStorage<Entry>;
  /** Live recorded values without a buffer, in the order they were recorded. */
  private readonly pendingValues = new Set<Value>();
  /** Computed values nobody holds; their memory is reused once nothing recorded can still read it. */
  private unheld: Value[] = [];
  private unheldBytes = 0;
  /** Bytes of them at which it is looked for what still reads them. */
  private lookAt = leastUnheld;
  /**
   * What could not be computed and why: it fails again when it is used, and holds up nothing else.
   */
  private readonly failures = new WeakMap<Value, unknown>();
  private recordedSinceFlush = 0;
  private liveBytes = 0;
  private isDisposed = false;

  constructor(
    runtime: Runtime,
    readonly options: ResolvedOptions,
    blockSize: number,
    refusal: string | null,
  ) {
    super();
    this.card = cardOf(options.executionProvider);
    this.executor = new Executor(runtime, options, blockSize, this.counters, refusal);
    this.entries = new DataStorage<Entry>(this, { moveData });
    recording.keepStacks = options.debug;
  }

  // ---- data ids

  override write(values: backend_util.BackendValues, shape: number[], dtype: DataType): object {
    const dataId = {};
    this.put(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: object,
    values: backend_util.BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    this.put(dataId, values, shape, dtype, refCount);
  }

  private put(
    dataId: object,
    values: backend_util.BackendValues,
    shape: number[],
    dtype: DataType,
    references: number,
  ): void {
    if (dtype === 'string') {
      this.entries.set(dataId, { kind: 'strings', strings: values as Uint8Array[], references });
      return;
    }
    if (dtype === 'complex64') {
      const { real, imag } = backend_util.splitRealAndImagArrays(values as Float32Array);
      this.entries.set(dataId, {
        kind: 'complex',
        real: { dataId: this.write(real, shape, 'float32'), shape, dtype: 'float32' },
        imag: { dataId: this.write(imag, shape, 'float32'), shape, dtype: 'float32' },
        references,
      });
      return;
    }
    this.hold(dataId, this.valueFrom(values as ArrayLike<number> | null, shape, dtype), references);
  }

  /** Copies, since tfjs passes on arrays that the caller may write to later. */
  private valueFrom(values: ArrayLike<number> | null, shape: number[], dtype: NumericType): Value {
    const size = sizeOf(shape);
    if (values === null || size === 0) return computed(bufferOf(allocate(dtype, size), false), shape, dtype);
    const number = repeatedNumber(values);
    if (number !== null) {
      const single = allocate(dtype, 1);
      single[0] = number;
      return splat(single[0]!, shape, dtype);
    }
    // From the pool, where it goes when disposed: a program that writes a batch per step would fill
    // the pool otherwise.
    const array = values.length === size ? this.executor.pool.take(dtype, size) : allocate(dtype, size);
    array.set(values);
    return computed(bufferOf(array, true), shape, dtype);
  }

  private hold(dataId: object, value: Value, references: number): void {
    this.entries.set(dataId, { kind: 'value', value, references });
    value.owners++;
    if (value.buffer) {
      value.buffer.holders++;
      this.liveBytes += value.buffer.holders === 1 ? bytesOf(value) : 0;
    } else if (value.node) this.pendingValues.add(value);
  }

  /** A new data id for `value`. */
  output(value: Value): TensorInfo {
    const dataId = {};
    this.hold(dataId, value, 1);
    if (!value.node) return { dataId, shape: value.shape as number[], dtype: value.dtype };
    if (this.options.flushEveryKernel) this.flush();
    else if (++this.recordedSinceFlush > this.options.maxPendingNodes && !isTakingGradient()) this.computePending();
    return { dataId, shape: value.shape as number[], dtype: value.dtype };
  }

  /** The same data under another shape or type. */
  share(info: TensorInfo, shape: number[] = info.shape, dtype: DataType = info.dtype): TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape, dtype };
  }

  outputComplex(real: TensorInfo, imag: TensorInfo): TensorInfo {
    const dataId = {};
    this.entries.set(dataId, { kind: 'complex', real: this.share(real), imag: this.share(imag), references: 1 });
    return { dataId, shape: real.shape, dtype: 'complex64' };
  }

  outputStrings(strings: Uint8Array[], shape: number[]): TensorInfo {
    const dataId = {};
    this.entries.set(dataId, { kind: 'strings', strings, references: 1 });
    return { dataId, shape, dtype: 'string' };
  }

  entry(dataId: object): Entry {
    if (this.isDisposed) throw new TensorStateError('the backend that holds the tensor was removed.');
    return this.entries.get(dataId);
  }

  /** The recorded value of a numeric tensor, in the tensor's own shape. */
  value(info: TensorInfo): Value {
    const entry = this.entry(info.dataId);
    if (entry.kind !== 'value') throw new TensorStateError(`expected a numeric tensor, got ${info.dtype}.`);
    this.assertComputable(entry.value);
    return reshape(entry.value, info.shape);
  }

  override refCount(dataId: object): number {
    return this.entries.has(dataId) ? this.entries.get(dataId).references : 0;
  }

  override incRef(dataId: object): void {
    this.entries.get(dataId).references++;
  }

  /** tfjs' kernels call it on intermediate results; ours does the same as disposing. */
  disposeIntermediateTensorInfo(info: TensorInfo): void {
    this.disposeData(info.dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.entries.has(dataId)) return true;
    const entry = this.entries.get(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.entries.delete(dataId);
    if (entry.kind === 'value') this.release(entry.value);
    else if (entry.kind === 'complex') {
      this.disposeData(entry.real.dataId);
      this.disposeData(entry.imag.dataId);
    }
    return true;
  }

  private release(value: Value): void {
    value.owners--;
    if (value.owners === 0 && !value.buffer) this.pendingValues.delete(value);
    if (value.buffer && --value.buffer.holders === 0) {
      this.liveBytes -= bytesOf(value);
      this.unheld.push(value);
      this.unheldBytes += bytesOf(value);
    }
  }

  // ---- computing

  /**
   * Computes the given tensors, or every live recorded value; returns when done.
   *
   * @throws GraphRunError of the first that could not be computed; all others are.
   */
  flush(tensors?: readonly TensorInfo[]): void {
    const chosen = tensors ? new Set(tensors.map((tensor) => this.baseValue(tensor))) : this.pendingValues;
    const values = [...chosen].filter((value): value is Value => value?.node != null);
    this.computeLive(values);
    for (const value of values) this.assertComputable(value);
  }

  private computePending(): void {
    this.computeLive([...this.pendingValues]);
  }

  private computeLive(values: Value[]): void {
    values.sort((a, b) => a.id - b.id);
    if (values.length > 0) this.computeTogether(values);
    for (const value of values) {
      this.pendingValues.delete(value);
      if (value.buffer) this.liveBytes += bytesOf(value);
    }
    if (this.pendingValues.size === 0) this.recordedSinceFlush = 0;
    if (this.pendingValues.size === 0 || this.unheldBytes >= this.lookAt) this.recycle();
  }

  /** In one graph; when that fails, one by one, so that only what cannot be computed is lost. */
  private computeTogether(values: readonly Value[]): void {
    try {
      this.executor.compute(values);
    } catch (failure) {
      if (values.length === 1) this.failures.set(values[0]!, failure);
      else for (const value of values) if (value.node && !this.failures.has(value)) this.computeTogether([value]);
    }
  }

  private assertComputable(value: Value): void {
    if (this.failures.has(value)) throw this.failures.get(value);
  }

  private baseValue(info: TensorInfo): Value | null {
    const entry = this.entry(info.dataId);
    return entry.kind === 'value' ? entry.value : null;
  }

  /**
   * Gives memory that nobody holds and that nothing pending reads to the next results. A program may
   * leave something uncomputed for as long as it runs.
   */
  private recycle(): void {
    const readBy = buffersReadBy(this.pendingValues);
    const kept: Value[] = [];
    for (const value of this.unheld) {
      const buffer = value.buffer!;
      if (buffer.holders > 0 || buffer.isRecycled) continue;
      if (readBy.has(buffer)) {
        kept.push(value);
        continue;
      }
      buffer.isRecycled = true;
      this.executor.forms.drop(value);
      this.executor.forms.drop(value.view);
      value.view = null;
      value.relu = null;
      this.executor.device?.release(buffer);
      if (buffer.isPoolable) this.executor.pool.give(value.dtype, buffer.array);
    }
    this.unheld = kept;
    this.unheldBytes = kept.reduce((sum, value) => sum + bytesOf(value), 0);
    this.lookAt = Math.max(leastUnheld, 2 * this.unheldBytes);
  }

  override readSync(dataId: object): BackendValues {
    const entry = this.entry(dataId);
    if (entry.kind === 'strings') return entry.strings;
    if (entry.kind === 'complex')
      return backend_util.mergeRealAndImagArrays(
        this.readSync(entry.real.dataId) as Float32Array,
        this.readSync(entry.imag.dataId) as Float32Array,
      );
    return this.arrayOf(entry.value).slice();
  }

  override async read(dataId: object): Promise<BackendValues> {
    return this.readSync(dataId);
  }

  /** The elements of a value, computing it first; not to be written to. */
  arrayOf(value: Value): NumericArray {
    if (value.splat !== null) return allocate(value.dtype, value.size).fill(value.splat);
    if (!value.buffer) this.computePending();
    this.assertComputable(value);
    if (!value.buffer) this.executor.compute([value]);
    return value.buffer!.array;
  }

  /** Counts the computation inside `f`, that is what `f` recorded and read. */
  override async time(f: () => void): Promise<BackendTimingInfo> {
    this.flush();
    const started = performance.now();
    f();
    this.flush();
    return { kernelMs: performance.now() - started };
  }

  override timerAvailable(): boolean {
    return true;
  }

  // ---- state

  /** What was compiled, run and kept so far. */
  stats(): OnnxRuntimeStats {
    return {
      card: this.card,
      ...this.counters,
      fallbacks: { ...this.counters.fallbacks },
      bytes: this.liveBytes,
      pooledBytes: this.executor.pool.heldBytes,
      sessions: this.executor.sessionCount,
      pendingNodes: this.pendingValues.size,
    };
  }

  override memory(): { unreliable: boolean; reasons: string[] } {
    return {
      unreliable: true,
      reasons: ['Recorded values take no memory until they are computed, and finished arrays are kept for reuse.'],
    };
  }

  override numDataIds(): number {
    return this.entries.numDataIds();
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return super.epsilon();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.pendingValues.clear();
    this.unheld = [];
    this.executor.dispose();
  }
}

function bytesOf({ size, dtype }: Value): number {
  return dtype === 'bool' ? size : 4 * size;
}

/**
 * Whether tfjs is propagating gradients back. What is recorded there may take factors out of
 * products that are still recorded, so computing everything in the middle of it, where only counts
 * say so, would change bits.
 */
function isTakingGradient(): boolean {
  return engine().state.scopeStack.some((scope) => scope.name === 'backward');
}
