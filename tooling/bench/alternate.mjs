import { median } from './statistics.mjs';

/**
 * Lets two children do the same steps in turns, so that whatever else runs on the machine hits both alike. Each turn is `steps` steps;
 * the first turns warm up and are not counted.
 *
 * @returns the turns of both sides: lists of answers to `steps`, with times per step
 */
export async function alternate(ours, peer, { steps, rounds, warmUps = 1 }) {
  const turns = { ours: [], peer: [] };
  for (let round = 0; round < rounds + warmUps; round++) {
    for (const [side, child] of [
      ['ours', ours],
      ['peer', peer],
    ]) {
      const answer = await child.ask({ do: 'steps', count: steps });
      if (round >= warmUps) turns[side].push({ ...answer, wallMs: answer.wallMs / steps, cpuMs: answer.cpuMs / steps });
    }
  }
  return turns;
}

/** Medians of one side's turns in milliseconds per step: wall time and CPU time of all threads. */
export const medians = (turns) => ({
  wallMs: median(turns.map(({ wallMs }) => wallMs)),
  cpuMs: median(turns.map(({ cpuMs }) => cpuMs)),
});
