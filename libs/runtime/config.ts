import { z } from 'zod';

/** Empty strings count as "not set", as in a copied `.env` file. */
const optionalText = z
  .string()
  .optional()
  .transform((value) => (value?.trim() ? value.trim() : undefined));

const flag = (fallback: boolean) =>
  z
    .enum(['on', 'off', 'true', 'false', '1', '0', ''])
    .optional()
    .transform((value) => (value ? ['on', 'true', '1'].includes(value) : fallback));

/** 0 keeps for ever. */
const days = (fallback: number) => z.coerce.number().int().min(0).max(36_500).default(fallback);

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

/** ARNs of SNS topics, commas between them. */
const topicArns = z
  .string()
  .default('')
  .transform((value) =>
    value
      .split(',')
      .map((arn) => arn.trim())
      .filter(Boolean),
  )
  .refine(
    (arns) => arns.every((arn) => /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/.test(arn)),
    'ARNs of SNS topics, such as arn:aws:sns:eu-central-1:111122223333:alarms, commas between them.',
  );

/** For settings whose own schema would take an empty string for a value. */
const notBlank = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema);

/** 32 bytes as base64 or hex, several separated by commas. */
const secretsKeys = optionalText.transform((value, context) => {
  const keys = (value ?? '').split(',').flatMap((part) => (part.trim() ? [keyOf(part.trim())] : []));
  if (keys.every((key) => key.byteLength === KEY_BYTES)) return keys;
  context.addIssue('must be 32 bytes in base64 or hex, several separated by commas; make one: openssl rand -base64 32');
  return z.NEVER;
});

const KEY_BYTES = 32;
const keyOf = (text: string) => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');

/** Every setting Sluice reads from the environment, with its default. The README's table is tested against this. */
export const environmentSchema = z.object({
  PORT: port(3000),
  SLUICE_HOST: z.string().default('127.0.0.1'),
  SLUICE_DATA_DIR: z.string().default('.sluice'),
  SLUICE_EMULATOR: flag(true),
  SLUICE_EMULATOR_PORT: port(3001),
  SLUICE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  SLUICE_API_KEY: optionalText,
  SLUICE_S3_BUCKET: optionalText,
  SLUICE_S3_PRUNE: flag(false),
  SLUICE_ALARM_TOPICS: topicArns,
  SLUICE_METRICS_PERIOD_SECONDS: z.coerce.number().int().min(1).max(3600).default(60),
  SLUICE_SWEEP_SECONDS: z.coerce.number().min(0.2).max(300).default(5),
  SLUICE_WORKER_PORT: z
    .union([z.literal('').transform(() => undefined), z.coerce.number().int().min(0).max(65_535)])
    .optional(),
  SLUICE_METRICS_PUBLIC: flag(false),
  SLUICE_WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(500).default(256),
  SLUICE_LAMBDA_CALLS_PER_SECOND: z.coerce.number().min(0.1).max(1000).default(12),
  SLUICE_LAMBDA_ROLLBACK_CALLS_PER_SECOND: z.coerce.number().min(0.1).max(1000).default(3),
  SLUICE_DEMO_REQUESTS_PER_SECOND: z.coerce.number().min(0).max(500).default(25),
  SLUICE_RETENTION_DAYS: days(365),
  SLUICE_RETENTION_KEEP: z.coerce.number().int().min(1).max(1000).default(20),
  SLUICE_RETENTION_EVIDENCE_DAYS: days(90),
  SLUICE_RETENTION_ARTIFACT_DAYS: days(30),
  SLUICE_RETENTION_IDEMPOTENCY_HOURS: z.coerce.number().int().min(24).max(8_760).default(168),
  OTEL_EXPORTER_OTLP_ENDPOINT: optionalText,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optionalText,
  OTEL_TRACES_EXPORTER: optionalText,
  OTEL_SDK_DISABLED: optionalText,
  OTEL_TRACES_SAMPLER: notBlank(z.string().default('parentbased_always_on')),
  OTEL_TRACES_SAMPLER_ARG: notBlank(z.coerce.number().min(0).max(1).default(1)),
  OTEL_BSP_SCHEDULE_DELAY: notBlank(z.coerce.number().int().min(1).optional()),
  DATABASE_URL: optionalText,
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
  REDIS_URL: optionalText,
  SLUICE_SECRETS_KEY: secretsKeys,
  AWS_ENDPOINT_URL: optionalText,
  AWS_REGION: optionalText,
});

/** Where traces go is OpenTelemetry's own business: its exporter reads the rest of the OTEL_ variables itself. */
export interface TracingConfig {
  readonly enabled: boolean;
  readonly sampler: string;
  /** The share of traces that `traceidratio` keeps. */
  readonly samplerArg: number;
  readonly scheduleDelayMs: number | undefined;
}

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly emulator: { readonly enabled: boolean; readonly port: number };
  readonly logLevel: string;
  readonly tracing: TracingConfig;
  /** A key to create at boot with full rights; absent = only keys already in the database work. */
  readonly bootstrapApiKey: string | undefined;
  /** Where artifact bytes live; absent = in Postgres. */
  readonly artifactBucket: string | undefined;
  /** Workers remove from that bucket what retention has pruned. */
  readonly pruneBucket: boolean;
  /** SNS topics that may tell us about alarms; none = that route is not there. */
  readonly alarmTopics: readonly string[];
  readonly metricsPeriodSeconds: number;
  readonly sweepSeconds: number;
  readonly workerConcurrency: number;
  /** Where a worker process answers probes and Prometheus; absent = nowhere. */
  readonly workerPort: number | undefined;
  /** The API's `/metrics` asks for no key. */
  readonly metricsPublic: boolean;
  /** Control-plane calls per second and account + region (Lambda allows 15 in sum). */
  readonly callBudget: { readonly ordinaryPerSecond: number; readonly rollbackPerSecond: number };
  /** The synthetic traffic of `npm start`; 0 = none. */
  readonly demo: { readonly requestsPerSecond: number };
  /** How long things are kept, by the worker; 0 days = for ever. */
  readonly retention: {
    /** Ended deployments with their histories; rollback points and the latest of each target stay. */
    readonly historyDays: number;
    /** So many of the latest deployments of each target stay, and as many of the latest promoted ones. */
    readonly keepPerTarget: number;
    /** What the judge was fed, of ended deployments. */
    readonly evidenceDays: number;
    /** Uploaded code that no deployment refers to any more, counted from its last use. */
    readonly artifactDays: number;
    readonly idempotencyHours: number;
  };
  readonly databaseUrl: string | undefined;
  readonly databasePoolSize: number;
  readonly redisUrl: string | undefined;
  /** Seal what deployments put into environment variables; the first seals, all open. Empty: stored readable. */
  readonly secretsKeys: readonly Uint8Array[];
  readonly awsEndpointUrl: string | undefined;
  readonly awsRegion: string | undefined;
}

/** A setting is wrong: `message` names each variable, what was found and what is allowed, never its value. */
export class ConfigError extends Error {}

/** Reads the settings. Throws `ConfigError`; values are not repeated in the message because some are secrets. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`These settings cannot be used:\n${problems.join('\n')}`);
  }
  const env = parsed.data;
  return {
    host: env.SLUICE_HOST,
    port: env.PORT,
    dataDir: env.SLUICE_DATA_DIR,
    emulator: { enabled: env.SLUICE_EMULATOR, port: env.SLUICE_EMULATOR_PORT },
    logLevel: env.SLUICE_LOG_LEVEL,
    tracing: {
      enabled: tracesWanted(env),
      sampler: env.OTEL_TRACES_SAMPLER,
      samplerArg: env.OTEL_TRACES_SAMPLER_ARG,
      scheduleDelayMs: env.OTEL_BSP_SCHEDULE_DELAY,
    },
    bootstrapApiKey: env.SLUICE_API_KEY,
    artifactBucket: env.SLUICE_S3_BUCKET,
    pruneBucket: env.SLUICE_S3_PRUNE,
    alarmTopics: env.SLUICE_ALARM_TOPICS,
    metricsPeriodSeconds: env.SLUICE_METRICS_PERIOD_SECONDS,
    sweepSeconds: env.SLUICE_SWEEP_SECONDS,
    workerConcurrency: env.SLUICE_WORKER_CONCURRENCY,
    workerPort: env.SLUICE_WORKER_PORT,
    metricsPublic: env.SLUICE_METRICS_PUBLIC,
    callBudget: {
      ordinaryPerSecond: env.SLUICE_LAMBDA_CALLS_PER_SECOND,
      rollbackPerSecond: env.SLUICE_LAMBDA_ROLLBACK_CALLS_PER_SECOND,
    },
    demo: { requestsPerSecond: env.SLUICE_DEMO_REQUESTS_PER_SECOND },
    retention: {
      historyDays: env.SLUICE_RETENTION_DAYS,
      keepPerTarget: env.SLUICE_RETENTION_KEEP,
      evidenceDays: env.SLUICE_RETENTION_EVIDENCE_DAYS,
      artifactDays: env.SLUICE_RETENTION_ARTIFACT_DAYS,
      idempotencyHours: env.SLUICE_RETENTION_IDEMPOTENCY_HOURS,
    },
    databaseUrl: env.DATABASE_URL,
    databasePoolSize: env.DATABASE_POOL_SIZE,
    redisUrl: env.REDIS_URL,
    secretsKeys: env.SLUICE_SECRETS_KEY,
    awsEndpointUrl: env.AWS_ENDPOINT_URL,
    awsRegion: env.AWS_REGION,
  };
}

function tracesWanted(env: z.output<typeof environmentSchema>): boolean {
  const where = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return where !== undefined && env.OTEL_SDK_DISABLED !== 'true' && env.OTEL_TRACES_EXPORTER !== 'none';
}
