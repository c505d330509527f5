/** Sums of a stream of pairs that give its correlation. */
export interface CoMoment {
  readonly count: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly xx: number;
  readonly yy: number;
  readonly xy: number;
}

export const noCoMoment: CoMoment = { count: 0, meanX: 0, meanY: 0, xx: 0, yy: 0, xy: 0 };

/** With one more pair (the update of Welford, for covariances: Pébay 2008, SAND2008-6212, equation 3.1). */
export function addPair(sums: CoMoment, x: number, y: number): CoMoment {
  const count = sums.count + 1;
  const [dx, dy] = [x - sums.meanX, y - sums.meanY];
  const [meanX, meanY] = [sums.meanX + dx / count, sums.meanY + dy / count];
  return {
    count,
    meanX,
    meanY,
    xx: sums.xx + dx * (x - meanX),
    yy: sums.yy + dy * (y - meanY),
    xy: sums.xy + dx * (y - meanY),
  };
}

/** Pearson's correlation; null when one side is constant. */
export function correlationOf({ xx, yy, xy }: CoMoment): number | null {
  if (!(xx > 0 && yy > 0)) return null;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}
