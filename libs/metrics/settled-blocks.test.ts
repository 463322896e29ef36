import type { VersionPeriod } from '#aws';
import { cutBlocks, settledSpan } from './settled-blocks.js';

const minute = 60_000;
const span = { fromMs: 10 * minute, toMs: 13 * minute, periodMs: minute };
const period = (startMs: number, counts: Partial<VersionPeriod>): VersionPeriod => ({
  startMs,
  durationsAbove: [],
  ...counts,
});

describe('which periods may be read', () => {
  it('leaves out the period in which the weight changed', () => {
    expect(settledSpan(10 * minute + 1, 20 * minute, 60, 0).fromMs).toBe(11 * minute);
    expect(settledSpan(10 * minute, 20 * minute, 60, 0).fromMs).toBe(10 * minute);
  });

  it('waits until a period has been over for the settling time', () => {
    expect(settledSpan(10 * minute, 12 * minute + 59_999, 60, minute).toMs).toBe(11 * minute);
    expect(settledSpan(10 * minute, 13 * minute, 60, minute).toMs).toBe(12 * minute);
  });

  it('is empty, never negative, right after a shift', () => {
    expect(settledSpan(10 * minute + 1, 10 * minute + 2, 60, minute)).toMatchObject({
      fromMs: 11 * minute,
      toMs: 11 * minute,
    });
  });

  it('reads a day at a time after a long outage', () => {
    expect(settledSpan(0, 10_000 * minute, 60, 0).toMs).toBe(1_440 * minute);
  });
});

describe('evidence blocks', () => {
  it('are one per period without gaps, zeros where there was no traffic', () => {
    const blocks = cutBlocks(span, 10, [period(11 * minute, { invocations: 90, errors: 1 })], []);
    expect(blocks.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [10 * minute, 11 * minute],
      [11 * minute, 12 * minute],
      [12 * minute, 13 * minute],
    ]);
    expect(blocks[0]?.stable).toEqual({ invocations: 0, errors: 0 });
    expect(blocks[1]).toMatchObject({
      weightPercent: 10,
      stable: { invocations: 90, errors: 1 },
      canary: { invocations: 0 },
    });
  });

  it('end before a period whose errors are not known yet: unknown is not zero', () => {
    const stable = [
      period(10 * minute, { invocations: 5, errors: 0 }),
      period(11 * minute, { invocations: 5, errors: 0 }),
    ];
    const canary = [period(10 * minute, { invocations: 1, errors: 0 }), period(11 * minute, { invocations: 1 })];
    expect(cutBlocks(span, 10, stable, canary)).toHaveLength(1);
  });

  it('carry durations only where CloudWatch had samples, and count a missing trimmed count as none above', () => {
    const slow = period(10 * minute, {
      invocations: 4,
      errors: 0,
      durationCount: 4,
      durationsAbove: [3, undefined],
      p99: 812,
    });
    const [block] = cutBlocks(span, 10, [slow], [period(10 * minute, { invocations: 1, errors: 0 })]);
    expect(block?.stable.durationMs).toEqual({ count: 4, above: [3, 0], p99: 812 });
    expect(block?.canary.durationMs).toBeUndefined();
  });

  it('tell throttles only when the source does', () => {
    const [block] = cutBlocks(
      span,
      10,
      [period(10 * minute, { throttles: 2 })],
      [period(10 * minute, { invocations: 1, errors: 0 })],
    );
    expect(block?.stable.throttles).toBe(2);
    expect(block?.canary.throttles).toBeUndefined();
  });
});
