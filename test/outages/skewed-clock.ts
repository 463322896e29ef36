/** Loaded before a program of ours (`node --import`): its wall clock is wrong from the first line on. */
const skewMs = Number(process.env['SLUICE_TEST_CLOCK_SKEW_MS'] ?? 0);
const RealDate = Date;
const now = (): number => RealDate.now() + skewMs;

class SkewedDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    super(given.length === 0 ? now() : given[0]);
  }

  static override now = now;
}

// `new Date(2026, 1)` and its like are not used by us, and keep their meaning for others.
globalThis.Date = new Proxy(SkewedDate, {
  construct: (skewed, given: unknown[]) =>
    given.length > 1 ? Reflect.construct(RealDate, given) : Reflect.construct(skewed, given),
}) as DateConstructor;
