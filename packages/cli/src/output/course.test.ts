import { pgd } from '@advrob/attacks';
import { erm, pgdAt } from '@advrob/training';
import { expect, it } from 'vitest';
import { trainingWork, trainsAgainstAttacks } from './course.js';

const attack = pgd({ steps: 3 });

it('counts the steps of the attack where the objective attacks, though a config has one for all models', () => {
  const settings = { steps: 10, batchSize: 64 };
  expect(trainingWork(settings, { objective: pgdAt(), attack }, 1000)).toBe(640 * 4);
  expect(trainingWork(settings, { objective: erm(), attack }, 1000)).toBe(640);
  expect(trainsAgainstAttacks({ objective: erm(), attack })).toBe(false);
  expect(trainsAgainstAttacks({ objective: pgdAt() })).toBe(false);
});

it('counts what is drawn: passes over the data, or every batch of a step', () => {
  const plain = { objective: erm() };
  expect(trainingWork({ epochs: 3 }, plain, 1000)).toBe(3000);
  expect(trainingWork({ epochs: 3, take: 100 }, plain, 1000)).toBe(300);
  const optimizer = { options: { innerSteps: 5 } };
  expect(trainingWork({ steps: 10, batchSize: 64, optimizer }, plain, 1000)).toBe(3200);
  expect(trainingWork({ epochs: 3, optimizer }, plain, 1000)).toBe(3000);
});
