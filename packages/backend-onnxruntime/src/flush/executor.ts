import type { GraphRunError } from '../errors.js';
import { allocate } from '../ir/arrays.js';
import { bufferOf } from '../ir/create.js';
import { sizeOf } from '../ir/shape.js';
import type { Buffer, NumericArray, Value } from '../ir/value.js';
import type { ResolvedOptions } from '../options.js';
import type { NativeSession, Runtime, RuntimeTensor } from '../runtime/binding.js';
import { Device } from '../runtime/device.js';
import { ArrayPool } from '../runtime/pool.js';
import { runInto } from '../runtime/results.js';
import { SessionCache, sessionOptions } from '../runtime/sessions.js';
import type { Counters } from '../stats.js';
import { bytesOf, collect, type RecordedGraph } from './collect.js';
import { lowerGraph, type CompiledGraph } from './compile.js';
import { graphFailure } from './failure.js';
import { FilterForms } from './filter-forms.js';
import { RecompilationWatch } from './recompilation.js';
import { demoteChangedNumbers, newSkeleton, variantKey, type Skeleton } from './variants.js';

/** Bytes of finished arrays kept for the next results. */
const poolLimit = 192 * 1024 * 1024;

/**
 * Recorded graphs remembered before the oldest is forgotten (its sessions go by their own limit).
 */
const skeletonLimit = 1024;

/**
 * Bytes of a graph's values up to which its session keeps the memory of its runs. Keeping rounds up
 * to powers of two, which for large graphs costs half as much again, while allocating anew costs
 * them next to nothing; for small graphs it is the other way round.
 */
const keptMemoryLimit = 384 * 1024 * 1024;

/**
 * Bytes of filters whose forms a graph may compute in memory that its session holds on to: soon
 * there is a graph that takes these ready-made, and each session would keep them once more.
 */
const keptFiltersLimit = 64 * 1024 * 1024;

/**
 * Bytes of the values of all graphs whose sessions keep memory, beside the newest: an attack that
 * drops examples has a graph for each batch size, and the memory of those that it has left behind
 * is what AutoAttack would hold most of.
 */
const keptTogetherLimit = 128 * 1024 * 1024;

/**
 * Bytes of values after which the garbage collector is told, where sessions hold on to none: what
 * small arrays of dead objects lie in keeps the allocator from using the memory around them again.
 */
const toldAfter = 96 * 1024 * 1024;

/**
 * More than the collector lets young arrays take without a collection, and than an allocator keeps:
 * memory that the system never has to find, since nothing is written to it.
 */
const toldBytes = 34 * 1024 * 1024;

/** Computes recorded values: finds or makes the graph's session, feeds it and keeps the results. */
export class Executor {
  readonly pool = new ArrayPool(poolLimit);
  readonly forms: FilterForms;
  /** Where results stay when the provider has memory of its own. */
  readonly device: Device | null;
  private readonly skeletons = new Map<string, Skeleton>();
  private readonly sessions: SessionCache;
  private nextGraph = 1;
  private untoldBytes = 0;
  private readonly watch = new RecompilationWatch((message) => process.emitWarning(message));

  constructor(
    private readonly runtime: Runtime,
    private readonly options: ResolvedOptions,
    readonly blockSize: number,
    private readonly counters: Counters,
    /** What {@link probeRefusal} found. */
    private readonly refusal: string | null,
  ) {
    this.forms = new FilterForms(runtime, this.pool, counters);
    const limits = { sessions: options.maxSessions, bytes: keptTogetherLimit };
    this.device =
      options.executionProvider === 'webgpu'
        ? new Device(
            runtime,
            (preferredOutputLocation) => ({ ...sessionOptions(options), preferredOutputLocation }),
            counters,
          )
        : null;
    const location = this.device && { preferredOutputLocation: 'gpu-buffer' };
    this.sessions = new SessionCache(runtime, limits, (keepsMemory) => ({
      ...sessionOptions(options, keepsMemory),
      ...location,
    }));
  }

  get sessionCount(): number {
    return this.sessions.size;
  }

  /** Computes `values`, all pending; afterwards they have buffers and no nodes. */
  compute(values: readonly Value[]): void {
    const started = performance.now();
    const recorded = collect(values);
    const skeleton = this.skeletonOf(recorded);
    const isHoisted = this.countFilterRuns(skeleton, recorded);
    let key = variantKey(skeleton, recorded, isHoisted);
    let compiled = skeleton.variants.get(key);
    if (!compiled) {
      demoteChangedNumbers(skeleton, recorded);
      key = variantKey(skeleton, recorded, isHoisted);
      compiled = skeleton.variants.get(key);
    }
    this.counters.keyMs += performance.now() - started;
    let session = compiled && this.sessions.get(compiled.id);
    if (compiled && session) this.counters.cacheHits++;
    else {
      const reason = compiled ? 'evicted' : skeleton.variants.size > 0 ? 'numbers' : 'graph';
      const compiledBefore = this.counters.compileMs;
      const made = this.compile(recorded, skeleton, isHoisted, compiled);
      this.watch.note(reason, performance.now(), this.counters.compileMs - compiledBefore);
      compiled = made.compiled;
      session = made.session;
      skeleton.variants.set(key, compiled);
    }
    this.run(recorded, compiled, session);
  }

  /**
   * Whether all filters of the graph were used often enough, unchanged, to keep their forms; counts
   * this run.
   */
  private countFilterRuns(skeleton: Skeleton, recorded: RecordedGraph): boolean {
    const filters = skeleton.filters.map((position) => recorded.order[position]!);
    const isHoisted =
      this.device === null &&
      filters.length > 0 &&
      filters.every((value) => value.filterRuns >= this.options.hoistAfter);
    for (const value of filters) value.filterRuns++;
    return isHoisted;
  }

  private skeletonOf(recorded: RecordedGraph): Skeleton {
    const known = this.skeletons.get(recorded.key);
    if (known) return known;
    const made = newSkeleton(recorded);
    this.skeletons.set(recorded.key, made);
    if (this.skeletons.size > skeletonLimit) this.skeletons.delete(this.skeletons.keys().next().value!);
    return made;
  }

  private compile(
    recorded: RecordedGraph,
    skeleton: Skeleton,
    isHoisted: boolean,
    known: CompiledGraph | undefined,
  ): { compiled: CompiledGraph; session: NativeSession } {
    const started = performance.now();
    const lowered = lowerGraph(recorded, skeleton.isInput, {
      blockSize: this.blockSize,
      isolated: this.options.deterministic,
      onDevice: this.options.executionProvider !== 'cpu',
      hoisted: isHoisted ? skeleton.filters : [],
      canRefuse: this.refusal !== null,
    });
    const id = known?.id ?? this.nextGraph++;
    try {
      const bytes = bytesOf(recorded);
      const isLarge = bytes > keptMemoryLimit;
      if (isLarge) {
        this.sessions.dropHolders();
        this.pool.clear(); // of other sizes, from what ran before
      }
      const filters = skeleton.filters.reduce((sum, position) => sum + 4 * recorded.order[position]!.size, 0);
      const isFrugal = isLarge || (!isHoisted && filters > keptFiltersLimit);
      const session = this.sessions.load(id, lowered.model, isFrugal ? 0 : bytes);
      this.counters.graphsCompiled++;
      const plan = lowered.plan && { id: this.nextGraph++, ...lowered.plan };
      this.counters.compileMs += performance.now() - started;
      const { inputs, outputs, refused } = lowered;
      return { compiled: { id, inputs, outputs, refused, plan, bytes }, session };
    } catch (cause) {
      throw this.failure('did not accept', recorded, cause);
    }
  }

  private run(recorded: RecordedGraph, compiled: CompiledGraph, session: NativeSession): void {
    const started = performance.now();
    const feeds: Record<string, RuntimeTensor> = {};
    for (const slot of compiled.inputs) {
      const value = recorded.order[slot.position]!;
      if (this.device && !slot.isSplat) {
        feeds[slot.name] = this.device.feed(value);
        continue;
      }
      let array: NumericArray;
      if (slot.isSplat) {
        array = slot.number ??= allocate(slot.dtype, 1);
        array[0] = value.splat!;
      } else array = value.buffer!.array;
      feeds[slot.name] = this.runtime.tensor(slot.dtype, array, slot.shape);
    }
    const { plan } = compiled;
    if (plan)
      this.forms.feed(
        feeds,
        recorded,
        plan,
        () => this.sessions.get(plan.id) ?? this.sessions.load(plan.id, plan.model, 0),
      );
    let buffers: Buffer[];
    try {
      buffers = this.device
        ? this.onDevice(this.device, compiled, session, feeds)
        : this.inArrays(compiled, session, feeds);
    } catch (cause) {
      throw this.failure('failed to run', recorded, cause);
    }
    recorded.results.forEach((value, index) => {
      value.node = null;
      value.buffer = buffers[index]!;
      value.buffer.holders = value.owners;
    });
    if (this.device === null && !this.sessions.keepsMemory(compiled.id)) this.tellCollector(compiled.bytes);
    this.counters.runs++;
    this.counters.runMs += performance.now() - started;
  }

  /** What sessions take for a run and give back is unknown to the collector, which then comes late. */
  private tellCollector(bytes: number): void {
    this.untoldBytes += bytes;
    if (this.untoldBytes < toldAfter) return;
    this.untoldBytes = 0;
    void new ArrayBuffer(toldBytes);
  }

  private inArrays(compiled: CompiledGraph, session: NativeSession, feeds: Record<string, RuntimeTensor>): Buffer[] {
    const fetches: Record<string, RuntimeTensor> = {};
    const buffers = compiled.outputs.map(({ name, dtype, shape }) => {
      const array = this.pool.take(dtype, sizeOf(shape));
      fetches[name] = this.runtime.tensor(dtype, array, shape);
      return bufferOf(array, true);
    });
    runInto(session, feeds, fetches, compiled.refused, this.refusal);
    return buffers;
  }

  private onDevice(
    device: Device,
    { outputs }: CompiledGraph,
    session: NativeSession,
    feeds: Record<string, RuntimeTensor>,
  ): Buffer[] {
    const results = session.run(feeds, Object.fromEntries(outputs.map(({ name }) => [name, null])), {});
    return outputs.map(({ name, dtype, shape }) => device.bufferOf(results[name]!, dtype, sizeOf(shape)));
  }

  private failure(what: string, recorded: RecordedGraph, cause: unknown): GraphRunError {
    return graphFailure(what, recorded, cause, this.options.debug);
  }

  dispose(): void {
    this.sessions.clear();
    this.skeletons.clear();
    this.pool.clear();
    this.device?.dispose();
  }
}
