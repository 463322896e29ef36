/** Wilson's upper bound of a proportion: `bad` of `count`, `z` standard deviations. 1 without data. */
export function wilsonUpper(bad: number, count: number, z: number): number {
  if (count === 0) return 1;
  const square = z * z;
  const spread = z * Math.sqrt((bad * (count - bad)) / count + square / 4);
  return (bad + square / 2 + spread) / (count + square);
}
