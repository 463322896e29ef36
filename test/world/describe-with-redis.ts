/**
 * `describe` for suites that need Redis. On a machine without one they count as skipped, and the set-up has said so
 * loudly; with CI=true the set-up has failed instead.
 */
export const describeWithRedis = process.env['SLUICE_TEST_REDIS_URL'] ? describe : describe.skip;
