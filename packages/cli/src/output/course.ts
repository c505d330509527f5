import type { Attack, Norm, Objective } from '@advrob/core';
import { expectedOf, type EvaluationAttack } from '@advrob/evaluation';

/** A part of what a command does. */
export interface Stage {
  readonly id: string;
  /** Stages of one kind take equally long for a unit of work. */
  readonly kind: 'training' | 'evaluation' | 'checks' | 'analysis';
  /**
   * Steps forward and back times examples; undefined where nobody knows. Of attacks by the share
   * that is left of it, as they drop what they have fooled.
   */
  readonly work: number | undefined | ((share: number) => number);
  /** Of a model that was not trained against attacks. */
  readonly isPlain?: boolean;
}

/** Where a command stands in all that it does, so that one time is left for the whole of it. */
export interface Course {
  /** A stage begins, and with it those before it are done. `share`: what an earlier session did of it. */
  begin(id: string, share?: number): void;
  /** In the stage at work attacks took `work` where all steps on all examples are `whole`. */
  observe(made: { readonly work: number; readonly whole: number }): void;
  /**
   * Seconds until the command is done, when the stage at work has `own` seconds left; undefined
   * before that is known. `isAll` is false where stages follow that nobody knows the time of.
   */
  left(own: number | undefined): { readonly seconds: number; readonly isAll: boolean } | undefined;
}

/** A course through stages in their order. */
export function createCourse(stages: readonly Stage[]): Course {
  /** Seconds of the stages that are done, per unit of their work. */
  const done: { readonly kind: Stage['kind']; readonly seconds: number; readonly work: number }[] = [];
  /** Shares of the work of attacks that were seen, by stage. */
  const seen = new Map<Stage, number>();
  const workIn = (stage: Stage): number | undefined =>
    typeof stage.work === 'function' ? stage.work(seen.get(stage) ?? expectedShare(stage, seen)) : stage.work;
  let place = -1;
  let begunAt = 0;
  let shareBefore = 0;
  const spent = (): number => (performance.now() - begunAt) / 1000;
  const note = (seconds: number): (typeof done)[number][] => {
    const stage = stages[place];
    const work = stage === undefined ? undefined : workIn(stage);
    return work === undefined ? [] : [{ kind: stage!.kind, seconds, work: work * (1 - shareBefore) }];
  };
  const rate = (known: readonly (typeof done)[number][]): number | undefined => {
    const [seconds, work] = [
      known.reduce((sum, one) => sum + one.seconds, 0),
      known.reduce((sum, one) => sum + one.work, 0),
    ];
    return work > 0 ? seconds / work : undefined;
  };
  return {
    begin(id, share = 0) {
      if (place >= 0) done.push(...note(spent()));
      place = stages.findIndex((stage) => stage.id === id);
      begunAt = performance.now();
      shareBefore = Math.min(0.99, share);
    },
    observe({ work, whole }) {
      const stage = stages[place];
      if (typeof stage?.work !== 'function') return;
      const all = stage.work(1) - stage.work(0);
      seen.delete(stage);
      // What is not seen yet stays a guess.
      const rest = Math.max(0, all - whole) * expectedShare(stage, seen);
      if (whole > 0) seen.set(stage, (work + rest) / Math.max(all, whole));
    },
    left(own) {
      if (own === undefined) return undefined;
      const known = [...done, ...note(spent() + own)];
      let seconds = own;
      let isAll = true;
      for (const stage of stages.slice(place + 1)) {
        const work = workIn(stage);
        const each = rate(known.filter(({ kind }) => kind === stage.kind)) ?? rate(known);
        if (each === undefined || work === undefined) isAll = false;
        else seconds += each * work;
      }
      return { seconds, isAll };
    },
  };
}

/**
 * What may be left of the work of attacks on a model: as on models like it, else a guess; one that
 * was trained against attacks keeps more than any other.
 */
function expectedShare({ isPlain = false }: Stage, seen: ReadonlyMap<Stage, number>): number {
  const alike = [...seen].filter(([other]) => (other.isPlain ?? false) === isPlain).map(([, share]) => share);
  if (alike.length > 0) return alike.reduce((sum, share) => sum + share, 0) / alike.length;
  return isPlain ? Math.min(plainShare, ...seen.values()) : Math.max(usualShare, ...seen.values());
}

/** Before anything is known of attacks: what is left of their work. */
const usualShare = 0.7;
/** The same of a network that was not trained against attacks. */
const plainShare = 0.6;

/** Of a command that does one thing. */
export const single: Course = {
  begin: () => undefined,
  observe: () => undefined,
  left: (own) => (own === undefined ? undefined : { seconds: own, isAll: true }),
};

/** What an attack takes for one example: its steps, or a third of one for a query. */
export function attackWork(attack: Pick<Attack, 'options' | 'definition'>, restarts = 1, norm?: Norm): number {
  const { steps, cost } = expectedOf(attack, restarts, norm) ?? { steps: restarts, cost: 1 };
  return steps * cost;
}

/** What of a training tells how long it takes. */
interface Trained {
  readonly attack?: Pick<Attack, 'options' | 'definition'> | undefined;
  readonly objective: Pick<Objective, 'origin'>;
}

/** Objectives that never attack, also where a config has an attack for all of its models. */
const plainObjectives: readonly (string | undefined)[] = ['erm', 'kd', 'gaussian', 'macer', 'ibp', 'crown-ibp'];

export function trainsAgainstAttacks({ attack, objective }: Trained): boolean {
  return attack !== undefined && !plainObjectives.includes(objective.origin?.name);
}

/**
 * What a training on `length` examples takes. EntropySGD draws several batches for a step.
 *
 * @param settings - As a config has them.
 */
export function trainingWork(
  settings: {
    readonly batchSize?: number | undefined;
    readonly epochs?: number | undefined;
    readonly steps?: number | undefined;
    readonly take?: number | undefined;
    readonly optimizer?: { readonly options: Readonly<Record<string, unknown>> } | undefined;
    readonly trainer?: { readonly options: Readonly<Record<string, unknown>> } | undefined;
  },
  parts: Trained,
  length: number,
): number {
  const { batchSize = 128, epochs = 10, take = Infinity, steps, optimizer, trainer } = settings;
  const inner = trainsAgainstAttacks(parts) ? attackWork(parts.attack!) : 0;
  const draws = Number((optimizer ?? trainer)?.options['innerSteps'] ?? 1);
  const drawn = steps === undefined ? epochs * Math.min(take, length) : steps * batchSize * draws;
  return drawn * (1 + inner);
}

/**
 * What an evaluation takes: every attack at each of its radii, and the forward pass without one.
 *
 * @param share - Of the work of the attacks what is left.
 */
export function evaluationWork(
  data: { readonly length: number },
  attacks: readonly Pick<EvaluationAttack, 'attack' | 'epsilon' | 'restarts' | 'norm'>[],
  share: number,
): number {
  const each = attacks.map(({ attack, epsilon, restarts, norm }) => {
    const isOnce = typeof epsilon === 'number' || attack.definition.budget === 'minimal';
    return attackWork(attack, restarts, norm) * (isOnce ? 1 : epsilon.length);
  });
  return data.length * each.reduce((sum, work) => sum + share * work, 1 / 3);
}
