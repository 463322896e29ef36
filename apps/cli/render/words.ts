/** Numbers and times in the words a person would use. */

/** `12s`, `1m 30s`, `2h 5m`, `3d 4h`: at most two units. */
export function duration(milliseconds: number): string {
  let rest = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / size);
    if (amount > 0) parts.push(`${amount}${unit}`);
    rest -= amount * size;
  }
  return parts.slice(0, 2).join(' ') || '0s';
}

export function weight(percent: number): string {
  return `${Number(percent.toFixed(3))} %`;
}

/** A fraction as a percentage with as many digits as mean something: `0.4 %`, `12 %`. */
export function rate(fraction: number): string {
  const percent = fraction * 100;
  return `${Number(percent.toFixed(percent < 1 ? 2 : percent < 10 ? 1 : 0))} %`;
}

export function count(amount: number, one: string, many = `${one}s`): string {
  return `${String(amount).replace(/\B(?=(\d{3})+$)/g, ',')} ${amount === 1 ? one : many}`;
}

/** `2026-01-31 12:00` of an ISO time, in UTC. */
export function minuteOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

/** `2026-01-31 12:00:07 UTC`. */
export function secondOf(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`;
}

/** `12:00:07`, in UTC. */
export function timeOfDay(iso: string): string {
  return iso.slice(11, 19);
}
