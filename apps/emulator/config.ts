import { parseArgs } from 'node:util';
import type { EmulatorOptions } from './start.js';

/** The only place of the emulator that reads flags and environment variables. */
export function readConfig(args: string[], env: NodeJS.ProcessEnv): EmulatorOptions & { help: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      data: { type: 'string' },
      region: { type: 'string' },
      account: { type: 'string' },
      admin: { type: 'boolean' },
      seed: { type: 'string' },
      'settle-ms': { type: 'string' },
      'metrics-delay-ms': { type: 'string' },
      'metrics-period': { type: 'string' },
      'rate-limit': { type: 'string' },
      's3-endpoint': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const number = (flag: string | undefined, name: string) => {
    const text = flag ?? env[name];
    if (text === undefined || text === '') return undefined;
    const value = Number(text);
    if (!Number.isFinite(value)) throw new TypeError(`${name} must be a number, not "${text}"`);
    return value;
  };
  return withoutUndefined({
    port: number(values.port, 'EMULATOR_PORT') ?? 3001,
    host: values.host ?? env['EMULATOR_HOST'],
    dataDir: values.data ?? env['EMULATOR_DATA'],
    region: values.region ?? env['AWS_REGION'],
    accountId: values.account ?? env['EMULATOR_ACCOUNT'],
    admin: values.admin ?? env['EMULATOR_ADMIN'] === 'true',
    seed: number(values.seed, 'EMULATOR_SEED'),
    settleMs: number(values['settle-ms'], 'EMULATOR_SETTLE_MS'),
    metricsPublicationDelayMs: number(values['metrics-delay-ms'], 'EMULATOR_METRICS_DELAY_MS'),
    metricsPeriodSeconds: number(values['metrics-period'], 'EMULATOR_METRICS_PERIOD'),
    controlPlaneRatePerSecond: number(values['rate-limit'], 'EMULATOR_RATE_LIMIT'),
    s3: s3From(values['s3-endpoint'] ?? env['EMULATOR_S3_ENDPOINT'], env),
    credentials: credentialsFrom(env),
    help: values.help ?? false,
  });
}

function s3From(endpoint: string | undefined, env: NodeJS.ProcessEnv) {
  if (!endpoint) return undefined;
  return {
    endpoint,
    region: env['AWS_REGION'] ?? 'us-east-1',
    accessKeyId: env['EMULATOR_S3_ACCESS_KEY_ID'] ?? 'test',
    secretAccessKey: env['EMULATOR_S3_SECRET_ACCESS_KEY'] ?? 'test',
  };
}

/** `EMULATOR_CREDENTIALS=AKID:secret[,AKID:secret]`: only these keys are let in, and their signatures are verified. */
function credentialsFrom(env: NodeJS.ProcessEnv): Record<string, string> | undefined {
  const text = env['EMULATOR_CREDENTIALS'];
  if (!text) return undefined;
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const colon = pair.indexOf(':');
      return [pair.slice(0, colon), pair.slice(colon + 1)];
    }),
  );
}

/** Where programs are found; functions get this path and nothing else of the host's environment. */
export function hostPaths(env: NodeJS.ProcessEnv = process.env) {
  return {
    nodePath: process.execPath,
    pythonPath: env['EMULATOR_PYTHON'] ?? 'python3',
    searchPath: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
  };
}

function withoutUndefined<T extends object>(value: T) {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

export const USAGE = `sluice emulator: AWS Lambda, CloudWatch metrics and logs on this machine. Not AWS: do not expose it.

  --port N               port to listen on (default 3001; 0 picks a free one)
  --host ADDRESS         address to bind to (default 127.0.0.1)
  --data DIR             keep functions and code here across restarts (default: a temporary folder)
  --admin                serve faults, call log, reset, export and load under /_emulator/
  --region, --account    defaults for callers that do not say (us-east-1, 000000000000)
  --seed N               repeatable weighted routing
  --settle-ms N          how long Pending and InProgress stay visible (default 300)
  --metrics-delay-ms N   how long metrics take to appear (AWS: about a minute; default 1000)
  --metrics-period N     finest metrics period in seconds (AWS: 60)
  --rate-limit N         control-plane calls a second (AWS: 15; default: unlimited)
  --s3-endpoint URL      where code named by bucket and key is fetched from
`;
