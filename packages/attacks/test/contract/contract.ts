import type { AnyFactory, Attack } from '@advrob/core';
import { attackContract } from '@advrob/core/testing';
import { describe, it } from 'vitest';
import { testAveraging } from './averaged.js';
import { backends, onBackend, tolerances, type Backend } from './backends.js';
import { batches } from './batches.js';
import { closedForms } from './closed-forms.js';
import { testDefinition } from './definition.js';
import { labelForms } from './labels.js';
import { moreEffort } from './more-effort.js';
import { testOptions } from './options.js';
import { resumption } from './resume.js';
import { subjectOf, type Row, type SubjectCheck } from './subject.js';
import { otherUnits } from './units.js';

/** What the test of an attack gives of its own to the contract. */
interface Terms {
  /** Options small enough for some hundred runs, one row for each way in which the attack works. */
  readonly rows: readonly [Row, ...Row[]];
  /**
   * The attack with few steps and this many passes per gradient, where it knows gradients. `null`:
   * others take its gradients.
   */
  readonly eot?: ((passes: number) => Attack) | null;
}

const all = { ...closedForms, ...moreEffort, ...labelForms, ...otherUnits, ...batches, ...resumption };

/** What the numbers of a backend have a part in. */
const numeric = { ...closedForms, ...moreEffort, ...labelForms, ...otherUnits };

/**
 * What is asked of every attack, for the test beside its source: what its definition says, its
 * options, averaged gradients, and for every row in every norm the contract of
 * `@advrob/core/testing` and the checks of this folder; large batches and resumption in the
 * first norm of each row. ONNX Runtime, whose kernels have tests of their own, is asked for closed forms in every norm of every row, and for the contract and what
 * rests on numbers in the first norm of the first row. `ADVROB_TEST_BACKEND=cpu` leaves ONNX
 * Runtime out, `ADVROB_TEST_BACKEND=onnxruntime` the cpu backend.
 */
export function contractOf(factory: AnyFactory, { rows, eot }: Terms): void {
  const { name } = factory.definition;
  describe(name, () => {
    testDefinition(factory);
    testOptions(factory, rows[0].attack.options as object);
    testAveraging(factory, eot);
  });
  for (const backend of backends) for (const row of rows) testRow(name, row, backend, row === rows[0]);
}

function testRow(name: string, row: Row, backend: Backend, isFirst: boolean): void {
  const { attack } = row;
  const place = backend === 'cpu' ? '' : ` on ${backend}`;
  describe(`${name} ${JSON.stringify(attack.options, shortened)}${place}`, () => {
    onBackend(backend);
    const tolerance = tolerances[backend];
    const norms = row.norms ?? attack.definition.norms;
    const whole = backend === 'cpu' ? norms : isFirst ? norms.slice(0, 1) : [];
    const jumps = tolerance === 0 ? [] : whole.filter((norm) => row.jumps?.includes(norm));
    const steady = whole.filter((norm) => !jumps.includes(norm));
    for (const [some, allowed] of [[steady, tolerance] as const, [jumps, Infinity] as const])
      if (some.length > 0)
        for (const check of attackContract(attack, { ...row, norms: some, tolerance: allowed }))
          it(check.name, check.run);
    for (const norm of norms) {
      const subject = subjectOf(row, norm, tolerance === 0);
      const more: Readonly<Record<string, SubjectCheck>> =
        backend === 'cpu' && norm === norms[0] ? all : whole.includes(norm) ? numeric : closedForms;
      for (const [check, body] of Object.entries(more)) it(`${norm}: ${check}`, () => body(subject));
    }
  });
}

/** Attacks and models among the options, in a word. */
function shortened(key: string, value: unknown): unknown {
  if (key === 'surrogate') return 'another model';
  return key === 'attack' ? (value as Attack).name : value;
}
