/** Lanczos' coefficients for g = 7. */
const lanczos = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** Logarithm of the gamma function of `x` > 0, to about 15 digits. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const t = z + 7.5;
  const sum = lanczos.slice(1).reduce((total, value, i) => total + value / (z + i + 1), lanczos[0]!);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * Logarithm of the regularised incomplete beta function I_x(a, b) for `a`, `b` > 0: of the tail that
 * is small its own digits are kept, however small it is.
 *
 * DLMF 8.17.22, the continued fraction by Lentz' method; I_x(a, b) = 1 - I_{1-x}(b, a) where it
 * converges slowly.
 */
export function logIncompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return -Infinity;
  if (x >= 1) return 0;
  if (x > (a + 1) / (a + b + 2)) return Math.log1p(-Math.exp(Math.min(0, logFront(1 - x, x, b, a))));
  return Math.min(0, logFront(x, 1 - x, a, b));
}

function logFront(x: number, rest: number, a: number, b: number): number {
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  return a * Math.log(x) + b * Math.log(rest) - logBeta - Math.log(a) + Math.log(continuedFraction(x, a, b));
}

const mostTerms = 100_000;
/** In place of a zero, which a fraction cannot go on from. */
const tiny = 1e-300;

function continuedFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < mostTerms; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const change = d * c;
    value *= change;
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return value;
}

/**
 * The largest number that is known to lie below the `p` quantile of the beta distribution with `a`,
 * `b` > 0, to 1e-14: rounding never makes it larger.
 *
 * @param p - In (0, 1).
 */
export function betaQuantile(p: number, a: number, b: number): number {
  const wanted = Math.log(p);
  let low = 0;
  let high = 1;
  for (let i = 0; i < 200 && high - low > 1e-14 * high; i++) {
    const middle = (low + high) / 2;
    if (logIncompleteBeta(middle, a, b) < wanted) low = middle;
    else high = middle;
  }
  return low;
}
