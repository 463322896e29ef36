import { median } from 'simple-statistics';

/**
 * How clumped bad events come on the stable version: the variance of their count per minute over its mean. 1 means
 * that requests fail independently. Retries, batches and poisoned containers make clumps, and clumps that stick to one
 * version look like a regression; evidence is divided by this number, which keeps it an e-value.
 */

const hour = 60;
const eventsPerHour = 5;
const hoursWanted = 10;
const eventsPooled = 5;
const negligible = 1.2;
const largest = 50;

/** @param badPerMinute bad events per minute in order, the first minute at a full hour; minutes without any are 0 */
export function dispersion(badPerMinute: readonly number[]): number {
  const hours: number[][] = [];
  for (let start = 0; start + hour <= badPerMinute.length; start += hour) {
    hours.push(badPerMinute.slice(start, start + hour));
  }
  const busy = hours.filter((minutes) => sum(minutes) >= eventsPerHour);
  // The median over hours ignores incidents: a bad hour is one hour, however bad.
  if (busy.length >= hoursWanted) return bounded(median(busy.map((minutes) => variance(minutes) / mean(minutes))));
  const means = sum(hours.map(mean));
  if (means * hour < eventsPooled) return 1;
  return bounded(sum(hours.map(variance)) / means);
}

function bounded(value: number): number {
  return value < negligible ? 1 : Math.min(largest, value);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function variance(values: readonly number[]): number {
  const center = mean(values);
  return sum(values.map((value) => (value - center) ** 2)) / (values.length - 1);
}
