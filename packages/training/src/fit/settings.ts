import { AdvrobError, issuesInWords, type Extras, type ThreatModel, type WeightOptimizer } from '@advrob/core';
import { resolveThreat } from '@advrob/core/threat';
import { factorAt, scheduleSchema, type Schedule, type ScheduleTime } from '../schedule.js';
import type { FitOptions } from './options.js';

/** The numbers of a run, checked and with defaults. */
export interface Settings {
  readonly batchSize: number;
  readonly dropLast: boolean;
  /** Batches of the data in one pass. */
  readonly batchesPerEpoch: number;
  /** How often each batch is drawn. */
  readonly replays: number;
  /** Draws of the optimizer in one pass. */
  readonly drawsPerEpoch: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly seed: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly epsilonSchedule: Schedule;
  readonly threat: ThreatModel | undefined;
  readonly attackMode: 'eval' | 'train' | 'probe';
  readonly maxGradientNorm: number;
  readonly maxWeight: number;
  readonly logEvery: number;
  /** Steps between two checkpoints; 0: only at the end of a pass. */
  readonly saveEvery: number;
  readonly validateEvery: number;
  readonly keep: 'last' | 'best' | 'averaged';
}

/** Checks the options of a run. @throws AdvrobError `ADVROB_OPTION`, `ADVROB_SHAPE`. */
export function resolveSettings<P extends Extras, E extends Extras>(
  options: FitOptions<P, E>,
  optimizer: WeightOptimizer,
): Settings {
  const { model, data, epochs, steps, seed = 0, learningRate = 0.01, logEvery = 50 } = options;
  checkData(options);
  const batchSize = whole('batchSize', options.batchSize ?? 128, 1);
  const dropLast = options.dropLast ?? data.length >= batchSize;
  const batchesPerEpoch = (dropLast ? Math.floor : Math.ceil)(data.length / batchSize);
  if (batchesPerEpoch === 0)
    throw wrong(`the data has ${data.length} examples, less than a batch of ${batchSize}: set dropLast to false`);
  if ((epochs === undefined) === (steps === undefined))
    throw wrong(`expected either epochs or steps, got ${epochs === undefined ? 'neither' : 'both'}`);
  const replays = whole("the objective's replays", options.objective.replays ?? 1, 1);
  const drawsPerEpoch = batchesPerEpoch * replays;
  const stepsPerEpoch = drawsPerEpoch / whole("the optimizer's draws", optimizer.draws ?? 1, 1);
  const total = steps ?? Math.ceil(positive('epochs', epochs ?? 0) * stepsPerEpoch);
  const keep = options.keep ?? (options.averager ? 'averaged' : 'last');
  if (keep === 'best' && !options.validation) throw wrong("keep 'best' needs validation data: pass validation");
  if (keep === 'averaged' && !options.averager) throw wrong("keep 'averaged' needs an averager");
  if (options.validation?.attack && !options.threat) throw wrong('validation.attack needs a threat: pass threat');
  return {
    batchSize,
    dropLast,
    batchesPerEpoch,
    replays,
    drawsPerEpoch,
    steps: whole('steps', total, 1),
    stepsPerEpoch,
    seed: whole('seed', seed, 0),
    learningRate: positive('learningRate', learningRate),
    schedule: checkedSchedule('schedule', options.schedule),
    epsilonSchedule: checkedSchedule('epsilonSchedule', options.epsilonSchedule),
    threat: options.threat && resolveThreat(options.threat, model.bounds),
    attackMode: options.attackMode ?? 'eval',
    maxGradientNorm: positive('guards.maxGradientNorm', options.guards?.maxGradientNorm ?? 1e6),
    maxWeight: positive('guards.maxWeight', options.guards?.maxWeight ?? 1e6),
    logEvery: whole('logEvery', logEvery, 1),
    saveEvery: whole('checkpoint.every', options.checkpoint?.every ?? 0, 0),
    validateEvery: whole('validation.every', options.validation?.every ?? 1, 1),
    keep,
  };
}

/** Learning rate of a step. */
export function rateAt({ learningRate, schedule }: Settings, time: ScheduleTime): number {
  return learningRate * factorAt(schedule, time);
}

/** The threat of a step, if there is one. */
export function threatAt({ threat, epsilonSchedule }: Settings, time: ScheduleTime): ThreatModel | undefined {
  if (!threat) return undefined;
  const factor = factorAt(epsilonSchedule, time);
  if (factor === 1) return threat;
  return threat.withEpsilon(threat.norm === 'l0' ? Math.round(threat.epsilon * factor) : threat.epsilon * factor);
}

function checkData<P extends Extras, E extends Extras>({ model, data, validation }: FitOptions<P, E>): void {
  for (const [role, set] of Object.entries({ data, 'validation.data': validation?.data })) {
    if (!set) continue;
    if (set.inputShape.join() !== model.inputShape.join())
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `fit: the model takes inputs [${model.inputShape.join(', ')}], ${role} '${set.name}' has [${set.inputShape.join(', ')}]: make the model with inputShape [${set.inputShape.join(', ')}], or reshape the data`,
      );
    if (set.numClasses > model.numClasses)
      throw new AdvrobError(
        'ADVROB_SHAPE',
        `fit: the model has ${model.numClasses} classes, ${role} '${set.name}' has ${set.numClasses}: make the model with numClasses ${set.numClasses}`,
      );
  }
}

/**
 * A schedule with numbers that make no factor, such as a negative length, would make every weight
 * NaN.
 */
function checkedSchedule(name: string, schedule: Schedule = { name: 'constant' }): Schedule {
  const { success, error } = scheduleSchema.safeParse(schedule);
  if (success) return schedule;
  const problems = issuesInWords(error.issues, schedule);
  throw wrong(problems.map(({ path, words }) => `${[name, ...path].map(String).join('.')}: ${words}`).join('; '));
}

function whole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw wrong(`expected ${name} to be a whole number of at least ${least}, got ${value}`);
}

function positive(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw wrong(`expected ${name} to be above 0 and finite, got ${value}`);
}

function wrong(problem: string): AdvrobError {
  return new AdvrobError('ADVROB_OPTION', `fit: ${problem}`);
}
