import type { z } from 'zod';
import { type CreateDeployment, createDeployment } from '#contracts';
import { usage } from '../failure.js';
import { readDeploymentPolicy } from './read-policy.js';
import { type ProbeOptions, readProbes } from './read-probes.js';
import { readStrategy } from './read-strategy.js';

/** As typed. */
export interface DeployOptions extends ProbeOptions {
  readonly dir?: string;
  readonly zip?: string;
  readonly s3?: string;
  readonly image?: string;
  readonly strategy?: string;
  readonly env?: readonly string[];
  readonly unsetEnv?: readonly string[];
  readonly memory?: string;
  readonly timeout?: string;
  readonly message?: string;
  readonly commit?: string;
  readonly policy?: string;
  readonly whenBusy?: string;
  readonly despiteAlarms?: boolean;
  readonly idempotencyKey?: string;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
  readonly watch?: boolean;
}

type Configuration = NonNullable<CreateDeployment['configuration']>;

/** Stands where the artifact will be while the rest of a request is checked; an upload is not wasted on a typing error. */
const TO_BE_UPLOADED = { sha256: '0'.repeat(64) };

/** The request without its artifact. Everything the contract can check is checked here, before any byte is sent. */
export async function readRequest(target: string, options: DeployOptions, cwd: string): Promise<CreateDeployment> {
  const configuration = readConfiguration(options);
  const hasCode = [options.dir, options.zip, options.s3, options.image].some((place) => place !== undefined);
  if (!hasCode && !configuration) {
    throw usage(
      'There is nothing to deploy.',
      'Say what: --dir FOLDER, --zip FILE, --s3 URI or --image URI for code; --env, --memory or --timeout for configuration.',
    );
  }
  const { probes: judging, ...policy } = await readDeploymentPolicy(options, cwd);
  const probes = await readProbes(options, cwd, judging);
  const request = {
    target,
    ...(probes ? { probes } : {}),
    ...(options.despiteAlarms ? { despiteAlarms: true } : {}),
    ...(configuration ? { configuration } : {}),
    ...policy,
    ...(options.strategy === undefined ? {} : { strategy: await readStrategy(options.strategy, cwd) }),
    ...(options.message === undefined ? {} : { message: options.message }),
    ...(options.commit === undefined ? {} : { commit: options.commit.toLowerCase() }),
  };
  const checked = createDeployment.safeParse(hasCode ? { ...request, artifact: TO_BE_UPLOADED } : request);
  if (checked.success) return request;
  throw usage(checked.error.issues.map((issue) => `${optionFor(issue.path)}: ${sentenceOf(issue)}`).join('\n  '));
}

/** For a wrong name in a record, zod says why one level deeper. */
function sentenceOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join(' ') : issue.message;
}

const optionNames: Readonly<Record<string, string>> = {
  target: 'target',
  strategy: '--strategy',
  'configuration.memorySize': '--memory',
  'configuration.timeoutSeconds': '--timeout',
  'configuration.environment': '--env',
  probes: '--probes',
  message: '--message',
  commit: '--commit',
};

function optionFor(path: readonly PropertyKey[]): string {
  const text = path.map(String).join('.');
  const known = Object.keys(optionNames).find((name) => text === name || text.startsWith(`${name}.`));
  if (!known) return text;
  const rest = text.slice(known.length + 1);
  return rest ? `${optionNames[known]} (${rest})` : (optionNames[known] ?? text);
}

function readConfiguration(options: DeployOptions): Configuration | undefined {
  const environment = readEnvironmentChange(options);
  const change: Configuration = {
    ...(options.memory === undefined ? {} : { memorySize: readNumber('--memory', options.memory, /^(\d+) ?(mb)?$/i) }),
    ...(options.timeout === undefined
      ? {}
      : { timeoutSeconds: readNumber('--timeout', options.timeout, /^(\d+) ?s?$/) }),
    ...(environment ? { environment } : {}),
  };
  return Object.keys(change).length > 0 ? change : undefined;
}

function readNumber(option: string, text: string, form: RegExp): number {
  const [, digits] = form.exec(text) ?? [];
  if (!digits) throw usage(`${option} ${text} is not a whole number.`);
  return Number(digits);
}

function readEnvironmentChange({ env = [], unsetEnv = [] }: DeployOptions): Record<string, string | null> | undefined {
  const change: Record<string, string | null> = {};
  for (const pair of env) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      // The text is not repeated: it may be a secret typed in the wrong place.
      throw usage('Every --env has the form NAME=VALUE.', 'To remove a variable: --unset-env NAME.');
    }
    if (Object.hasOwn(change, name)) throw usage(`--env sets ${name} twice.`);
    change[name] = value;
  }
  for (const name of unsetEnv) {
    if (Object.hasOwn(change, name)) throw usage(`${name} cannot be both set and removed.`);
    change[name] = null;
  }
  return Object.keys(change).length > 0 ? change : undefined;
}
