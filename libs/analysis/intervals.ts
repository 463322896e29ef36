import { gammaln } from 'simple-statistics';

/** Wilson's upper bound of a proportion: `bad` of `count`, `z` standard deviations. 1 without data. */
export function wilsonUpper(bad: number, count: number, z: number): number {
  if (count === 0) return 1;
  const square = z * z;
  const spread = z * Math.sqrt((bad * (count - bad)) / count + square / 4);
  return (bad + square / 2 + spread) / (count + square);
}

/**
 * Always-valid interval of one version's rate (beta-mixture confidence sequence): every rate that the mixture over
 * Beta(1/2, 1/2) has not refuted. It may be looked at after every block.
 */
export function rateInterval(bad: number, count: number, confidence = 0.95): { lower: number; upper: number } {
  if (count === 0) return { lower: 0, upper: 1 };
  const good = count - bad;
  const limit = logBeta(bad + 0.5, good + 0.5) - logBeta(0.5, 0.5) - Math.log(1 / (1 - confidence));
  const log = (rate: number) => (bad === 0 ? 0 : bad * Math.log(rate)) + (good === 0 ? 0 : good * Math.log1p(-rate));
  const center = bad / count;
  const edge = (outside: number) => {
    let [near, far] = [center, outside];
    for (let step = 0; step < 60; step++) {
      const middle = (near + far) / 2;
      if (log(middle) > limit) near = middle;
      else far = middle;
    }
    return (near + far) / 2;
  };
  return { lower: bad === 0 ? 0 : edge(0), upper: good === 0 ? 1 : edge(1) };
}

function logBeta(a: number, b: number): number {
  return gammaln(a) + gammaln(b) - gammaln(a + b);
}
