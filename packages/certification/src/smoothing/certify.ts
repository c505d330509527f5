import type { Norm } from '@advrob/core';
import { clopperPearson } from '@advrob/core/statistics';
import type { Noise } from './noise.js';
import { countVotes, mostVoted, type Ballot } from './votes.js';

/** How a smoothed classifier is certified. */
export interface CertifySettings {
  /** Draws that choose the class. */
  readonly select: number;
  /** Draws in all, ascending, after each of which the bounds are computed. */
  readonly draws: readonly number[];
  /** Chance that a certificate is wrong. */
  readonly alpha: number;
  /** Whether the other classes get a bound of their own. */
  readonly runnerUp: boolean;
  readonly norm: Norm;
  /**
   * Radius that is asked for: an example is left when it is decided. Infinity: all draws are made,
   * for the largest radius.
   */
  readonly epsilon: number;
  /** Labels [n]; an example whose class is another one is left when that is known. */
  readonly labels?: ArrayLike<number> | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** What is known of the smoothed classifier at one example. */
export interface SmoothedCertificate {
  /** The class that it returns; -1 where that was not shown. */
  readonly prediction: number;
  /** It returns that class up to here, this included; 0 where no class was shown. */
  readonly radius: number;
  /** Forward passes. */
  readonly draws: number;
}

interface State {
  readonly row: number;
  readonly selected: number;
  readonly counts: Int32Array;
  /** Negative where no class was shown. */
  radius: number;
  made: number;
  isOpen: boolean;
}

/**
 * Cohen, Rosenfeld, Kolter 2019, algorithm CERTIFY, for several examples at once and at several
 * checkpoints, each with its share of `alpha`: the largest radius of them holds by the union bound.
 */
export async function certifySmoothed(ballot: Ballot, settings: CertifySettings): Promise<SmoothedCertificate[]> {
  const { select, draws, labels, onProgress } = settings;
  const total = ballot.ids.length;
  const rows = Array.from({ length: total }, (_, row) => row);
  const selection = await countVotes(
    ballot,
    'select',
    rows.map((row) => ({ row, from: 0, to: select })),
  );
  const states = rows.map((row): State => {
    const counts = new Int32Array(ballot.model.numClasses);
    return { row, selected: mostVoted(selection[row]!), counts, radius: -1, made: 0, isOpen: true };
  });
  for (const checkpoint of draws) {
    const open = states.filter(({ isOpen }) => isOpen);
    const votes = await countVotes(
      ballot,
      'estimate',
      open.map(({ row, made }) => ({ row, from: made, to: checkpoint })),
    );
    open.forEach((state, i) => {
      votes[i]!.forEach((count, label) => (state.counts[label]! += count));
      state.made = checkpoint;
      judge(state, ballot, settings, labels?.[state.row]);
    });
    onProgress?.({ done: states.filter(({ isOpen }) => !isOpen).length, total });
  }
  onProgress?.({ done: total, total });
  return states.map(({ selected, radius, made }) => ({
    prediction: radius < 0 ? -1 : selected,
    radius: Math.max(0, radius),
    draws: select + made,
  }));
}

/** Puts what the votes so far show into a state. */
function judge(state: State, { noise, x }: Ballot, settings: CertifySettings, label: number | undefined): void {
  const { draws, alpha, norm, epsilon } = settings;
  const { counts, selected, made } = state;
  const runnerUp = settings.runnerUp && counts.length > 1;
  const share = alpha / draws.length;
  const radiusOf = (pA: number, pB: number): number =>
    pA > 0.5 || (runnerUp && pA > pB) ? closedRadius(noise, norm, pA, pB, x.shape.slice(1)) : -1;
  const own = clopperPearson(counts[selected]!, made, runnerUp ? share / 2 : share);
  const others = counts.filter((_, other) => other !== selected);
  const ofOthers = runnerUp
    ? clopperPearson(Math.max(...others), made, share / (2 * others.length))
    : { lower: 0, upper: 1 };
  state.radius = Math.max(state.radius, radiusOf(own.lower, Math.min(ofOthers.upper, 1 - own.lower)));
  if (epsilon === Infinity) return;
  const isShown = state.radius >= epsilon;
  const isWrong = label !== undefined && label !== selected && state.radius >= 0;
  // More draws do not show it, but for the chance that this bound is wrong: a loss, never a fault.
  const best = runnerUp ? Math.min(ofOthers.lower, 1 - own.upper) : 1 - own.upper;
  const isHopeless = radiusOf(own.upper, best) < epsilon;
  state.isOpen = !(isShown || isWrong || isHopeless);
}

/**
 * The theorems are of open balls, and the quantiles are known to 1e-13: a billionth less is closed
 * and covers both.
 */
function closedRadius(noise: Noise, norm: Norm, pA: number, pB: number, shape: readonly number[]): number {
  const radius = noise.radius(norm, { pA, pB }, shape);
  return norm === 'l0' ? radius : Math.max(0, radius) * (1 - 1e-9);
}
