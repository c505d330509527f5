import type {
  AveragerBinding,
  Extras,
  Factory,
  Objective,
  OptimizerBinding,
  TrainingPlan,
  WorkTransform,
} from '@advrob/core';
import {
  objectiveContract,
  optimizerContract,
  trainerContract,
  type Check,
  type ObjectiveContractOptions,
} from '@advrob/core/testing';
import { describe, expect, it } from 'vitest';
import { fit } from '../../src/fit/fit.js';
import { pgdAt } from '../../src/methods/pgd-at.js';
import { adam, adamw } from '../../src/parts/adam.js';
import { sgd } from '../../src/parts/sgd.js';
import { factorAt, scheduleSchema, type Schedule } from '../../src/schedule.js';
import './cpu.js';
import { signAttack } from './sign-attack.js';
import { tinyData } from './tiny-data.js';
import { tinyModel } from './tiny-model.js';

/** How the contract's rows of a part are made: one row with `options` under its name, others under titles of their own. */
interface Rows<I> {
  readonly options?: I | undefined;
  readonly variants?: Readonly<Record<string, I>>;
}

/** The part with each of its options, by the titles of the rows. */
function rowsOf<I, Product>(
  factory: Factory<I, Product>,
  { options, variants = {} }: Rows<I>,
): [string, () => Product][] {
  const make = factory as unknown as (given?: I) => Product;
  return Object.entries({ [factory.definition.name]: options, ...variants }).map(([title, given]) => [
    title,
    () => make(given),
  ]);
}

/** Runs the checks of a contract under a title. */
export function suite(title: string, checks: readonly Check[]): void {
  describe(title, () => {
    for (const { name, run } of checks) it(name, run);
  });
}

interface ObjectiveRows<I, E extends Extras> extends Rows<I>, ObjectiveContractOptions<E> {
  /** Options that are out of range. */
  readonly refuses?: readonly I[];
  /** The objective whose loss it has, if it has none of its own that `testLoss` could compare with PyTorch's. */
  readonly lossOf?: string;
}

export function testObjective<I, P extends Extras, E extends Extras>(
  factory: Factory<I, Objective<P, E>>,
  { options, variants = {}, refuses = [], lossOf: _, ...contract }: NoInfer<ObjectiveRows<I, E>> = {},
): void {
  for (const [title, make] of rowsOf(factory, { options, variants }))
    suite(`objective ${title}`, objectiveContract(make, contract));
  if (refuses.length > 0)
    describe('objectives refuse', () => {
      const make = factory as unknown as (given: I) => unknown;
      for (const given of refuses)
        it(`${factory.definition.name} ${JSON.stringify(given)}`, () => {
          expect(() => make(given)).toThrowError(expect.objectContaining({ code: 'ADVROB_OPTION' }));
        });
    });
}

export function testOptimizer<I>(
  factory: Factory<I, OptimizerBinding>,
  { rate, steps, ...rows }: NoInfer<Rows<I>> & { readonly rate?: number; readonly steps?: number } = {},
): void {
  for (const [title, make] of rowsOf(factory, rows))
    suite(`optimizer ${title}`, optimizerContract(make(), { ...(rate && { rate }), ...(steps && { steps }) }));
}

/** The transform around each optimizer of this package. */
export function testTransform<I>(factory: Factory<I, WorkTransform>, rows: NoInfer<Rows<I>> = {}): void {
  const optimizers: Record<string, [binding: OptimizerBinding, rate: number]> = {
    sgd: [sgd({ momentum: 0.9, nesterov: true, weightDecay: 1e-3 }), 0.1],
    adam: [adam({ weightDecay: 1e-3 }), 0.03],
    adamw: [adamw(), 0.03],
  };
  for (const [title, make] of rowsOf(factory, rows))
    describe(`transform ${title}`, () => {
      const transform = make();
      for (const [name, [binding, rate]] of Object.entries(optimizers)) {
        const around: OptimizerBinding = (model) => {
          const { step, ...rest } = binding(model);
          return { ...rest, step: (work) => step(transform(work)) };
        };
        suite(`around ${name}`, optimizerContract(around, { rate }));
      }
    });
}

export function testAverager<I>(factory: Factory<I, AveragerBinding>, rows: NoInfer<Rows<I>> = {}): void {
  for (const [title, make] of rowsOf(factory, rows))
    suite(
      `averager ${title}`,
      trainerContract((): TrainingPlan => ({ objective: pgdAt(), averager: make() })),
    );
}

interface TrainerRows<I> extends Rows<I> {
  /** Learning rates at chosen passes of the run that the paper's code makes. */
  readonly published?: { readonly passes: number; readonly rates: Readonly<Record<number, number>> };
  /** What stands before the name in the title. Default `trainer`. */
  readonly kind?: string;
}

export function testTrainer<I>(
  factory: Factory<I, TrainingPlan>,
  { published, kind = 'trainer', ...rows }: NoInfer<TrainerRows<I>> = {},
): void {
  for (const [title, make] of rowsOf(factory, rows)) suite(`${kind} ${title}`, trainerContract(make));
  if (published) testRates(factory.definition.name, factory as unknown as () => TrainingPlan, published);
}

function testRates(
  name: string,
  make: () => TrainingPlan,
  { passes, rates }: NonNullable<TrainerRows<never>['published']>,
): void {
  describe(`the recipe ${name}`, () => {
    const { learningRate, schedule } = make();

    it("states its paper's learning rate pass by pass", () => {
      expect(scheduleSchema.safeParse(schedule).success).toBe(true);
      for (const [pass, rate] of Object.entries(rates)) {
        const time = { step: Number(pass) * 10, steps: passes * 10, stepsPerEpoch: 10 };
        expect(learningRate! * factorAt(schedule!, time), `pass ${pass}`).toBeCloseTo(rate, 8);
      }
    });

    it('is what fit trains with, unless the run says otherwise', async () => {
      const ratesOf = async (own: { learningRate?: number; schedule?: Schedule }): Promise<number[]> => {
        const model = tinyModel();
        const plan = make();
        const { history } = await fit({
          model,
          data: tinyData(),
          ...plan,
          attack: signAttack(),
          threat: { norm: 'linf', epsilon: 0.1 },
          batchSize: 8,
          steps: 4,
          logEvery: 1,
          ...own,
        });
        model.dispose!();
        plan.objective.dispose?.();
        return history.flatMap((event) => (event.type === 'metrics' ? [event.rate] : []));
      };
      const expected = [0, 1, 2, 3].map(
        (step) => learningRate! * factorAt(schedule!, { step, steps: 4, stepsPerEpoch: 3 }),
      );
      expect(await ratesOf({})).toEqual(expected);
      expect(await ratesOf({ learningRate: 0.03, schedule: { name: 'constant' } })).toEqual([0.03, 0.03, 0.03, 0.03]);
    });
  });
}
