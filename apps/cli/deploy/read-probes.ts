import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CreateDeployment, PolicyFile } from '#contracts';
import { usage } from '../failure.js';

/** As typed. */
export interface ProbeOptions {
  readonly probes?: string;
  /** commander: `true` without a number. */
  readonly probesFromLog?: string | true;
  readonly probeAnswers?: boolean;
  readonly probesSlowerThan?: string;
  readonly probesIndependent?: boolean;
}

const EXAMPLE = 'One JSON value a line, each an event as the function gets it: {"orderId": 7}';

/** How probes are judged where the options do not say: a policy file's word. */
type Judging = Omit<NonNullable<PolicyFile['probes']>, 'safe' | 'recordFromLog'>;

const FEW = 20;

/**
 * The payloads of `--probes FILE`, or how many of the function's log, and how they are judged. A payload is never
 * repeated in an error: it may be a secret.
 */
export async function readProbes(
  options: ProbeOptions,
  cwd: string,
  policy: Judging = {},
): Promise<CreateDeployment['probes']> {
  const { probes, probesFromLog, probeAnswers, probesSlowerThan, probesIndependent } = options;
  if (probes !== undefined && probesFromLog !== undefined) throw usage('--probes and --probes-from-log: one of them.');
  const { fromLog: usual, ...judging } = policy;
  const how = {
    ...judging,
    ...(probeAnswers ? { compare: 'shape' as const } : {}),
    ...(probesSlowerThan === undefined ? {} : { slowerThan: readTimes(probesSlowerThan) }),
    ...(probesIndependent ? { independent: true } : {}),
  };
  if (probes !== undefined) return { payloads: await readPayloads(probes, cwd), ...how };
  const fromLog = probesFromLog === undefined ? usual : readCount(probesFromLog);
  if (fromLog !== undefined) return { fromLog, ...how };
  if (probeAnswers || probesSlowerThan !== undefined || probesIndependent) {
    throw usage('There are no probes to judge.', 'Name their payloads: --probes FILE, or --probes-from-log.');
  }
  return undefined;
}

function readCount(text: string | true): number {
  if (text === true) return FEW;
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= 100) return count;
  throw usage(`--probes-from-log ${text} is not a number of payloads from 1 to 100.`);
}

async function readPayloads(probes: string, cwd: string): Promise<Payload[]> {
  const path = resolve(cwd, probes);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usage(`The probes ${path} cannot be read (${error.code}).`, EXAMPLE);
  });
  const payloads = text
    .split(/\r?\n/)
    .flatMap((line, index) => (line.trim() === '' ? [] : [readLine(path, line, index)]));
  if (payloads.length === 0) throw usage(`The probes ${path} hold no payload.`, EXAMPLE);
  return payloads;
}

type Payload = NonNullable<NonNullable<CreateDeployment['probes']>['payloads']>[number];

function readLine(path: string, line: string, index: number): Payload {
  try {
    return JSON.parse(line) as Payload;
  } catch {
    throw usage(`Line ${index + 1} of ${path} is not JSON.`, EXAMPLE);
  }
}

function readTimes(text: string): number {
  const times = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (times > 1 && times <= 100) return times;
  throw usage(`--probes-slower-than ${text} is not a factor above 1, such as 2.5.`);
}
