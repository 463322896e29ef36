import { z } from 'zod';

/** The secrets that sources may use: nothing else of the environment can be named by a target's settings. */
const SECRET_NAME = /^SLUICE_METRICS_SECRET_[A-Z0-9_]{1,64}$/;

/** What the worker's environment says about metric sources outside of AWS. */
export interface MetricsConfig {
  /**
   * Origins the operator trusts (`https://prometheus.internal:9090`): they may lie in a private network, may be plain
   * http, and are the only ones that secrets are sent to. Every other address must be public and https.
   */
  readonly trustedOrigins: readonly string[];
  /** The value of a secret by its variable's name. */
  readonly secret: (name: string) => string | undefined;
}

const origins = z
  .string()
  .default('')
  .transform((value) => value.split(',').flatMap((part) => (part.trim() ? [part.trim()] : [])))
  .pipe(z.array(z.url({ protocol: /^https?$/ }).transform((value) => new URL(value).origin)));

/** Throws when `SLUICE_METRICS_ORIGINS` is not a list of origins. Its values are no secrets, the secrets' are not read here. */
export function readMetricsConfig(environment: NodeJS.ProcessEnv = process.env): MetricsConfig {
  const parsed = origins.safeParse(environment['SLUICE_METRICS_ORIGINS'] ?? '');
  if (!parsed.success) {
    throw new Error(
      'SLUICE_METRICS_ORIGINS must be a comma-separated list of origins such as https://prometheus:9090.',
    );
  }
  return {
    trustedOrigins: parsed.data,
    secret: (name) => (SECRET_NAME.test(name) ? environment[name]?.trim() || undefined : undefined),
  };
}
