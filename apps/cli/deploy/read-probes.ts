import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CreateDeployment } from '#contracts';
import { usage } from '../failure.js';

/** As typed. */
export interface ProbeOptions {
  readonly probes?: string;
  readonly probeAnswers?: boolean;
  readonly probesSlowerThan?: string;
  readonly probesIndependent?: boolean;
}

const EXAMPLE = 'One JSON value a line, each an event as the function gets it: {"orderId": 7}';

/** The payloads of `--probes FILE` and how they are judged. A payload is never repeated in an error: it may be a secret. */
export async function readProbes(options: ProbeOptions, cwd: string): Promise<CreateDeployment['probes']> {
  const { probes, probeAnswers, probesSlowerThan, probesIndependent } = options;
  if (probes === undefined) {
    if (probeAnswers || probesSlowerThan !== undefined || probesIndependent) {
      throw usage('There are no probes to judge.', 'Name their payloads: --probes FILE.');
    }
    return undefined;
  }
  const path = resolve(cwd, probes);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usage(`The probes ${path} cannot be read (${error.code}).`, EXAMPLE);
  });
  const payloads = text
    .split(/\r?\n/)
    .flatMap((line, index) => (line.trim() === '' ? [] : [readLine(path, line, index)]));
  if (payloads.length === 0) throw usage(`The probes ${path} hold no payload.`, EXAMPLE);
  return {
    payloads,
    ...(probeAnswers ? { compare: 'shape' as const } : {}),
    ...(probesSlowerThan === undefined ? {} : { slowerThan: readTimes(probesSlowerThan) }),
    ...(probesIndependent ? { independent: true } : {}),
  };
}

type Payload = NonNullable<CreateDeployment['probes']>['payloads'][number];

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
