import { type PolicyFile, type TargetView, targetOnlyProbes, type UpdateTarget } from '#contracts';
import { isDataFile, readDataFile } from '../deploy/read-data-file.js';
import { type PolicyOptions, readPolicy } from '../deploy/read-policy.js';
import { readStrategy } from '../deploy/read-strategy.js';
import { usage } from '../failure.js';

/** As typed: what deployments to a target take when they do not say, and how its versions are measured. */
export interface SettingsOptions extends PolicyOptions {
  readonly strategy?: string;
  readonly profile?: string;
  readonly judge?: 'on' | 'off';
  readonly metrics?: string;
  readonly period?: string;
  readonly settle?: string;
  readonly alarm?: readonly string[];
  /** commander: `--no-alarms`. */
  readonly alarms?: boolean;
  readonly onInconclusive?: 'rollback' | 'hold';
  readonly prepareDeadline?: string;
  readonly analysisDeadline?: string;
  readonly personDeadline?: string;
  readonly alarmsAtStart?: NonNullable<UpdateTarget['alarmsAtStart']>;
  readonly probesSafe?: boolean;
  readonly probesFromLog?: boolean;
}

export type Settings = Omit<UpdateTarget, 'name' | 'reset'>;
type Before = Pick<TargetView, 'analysis' | 'analysisOff' | 'metrics' | 'deadlines' | 'probes'>;

const FRESH: Before = {
  analysis: null,
  analysisOff: false,
  metrics: null,
  deadlines: null,
  probes: { safe: false, recordFromLog: null },
};

/**
 * The settings that were named: those of `--policy` first, single options over them. An option that is one part of a
 * member (a deadline, the period, the profile) keeps the member's other parts as the target has them.
 */
export async function readSettings(options: SettingsOptions, cwd: string, before: Before = FRESH): Promise<Settings> {
  const file = await readPolicy(options, cwd);
  const strategy = options.strategy === undefined ? file.strategy : await readStrategy(options.strategy, cwd);
  const analysis = analysisOf(options, file, before);
  const metrics = await metricsOf(options, file, before, cwd);
  const deadlines = deadlinesOf(options, file, before);
  const alarms = alarmsOf(options, file);
  const onInconclusive = options.onInconclusive ?? file.onInconclusive;
  const probes = probesOf(options, file, before);
  return {
    ...(file.policy === undefined ? {} : { policy: file.policy }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(analysis === undefined ? {} : { analysis }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(deadlines === undefined ? {} : { deadlines }),
    ...(alarms === undefined ? {} : { alarms }),
    ...(onInconclusive === undefined ? {} : { onInconclusive }),
    ...(options.alarmsAtStart === undefined ? {} : { alarmsAtStart: options.alarmsAtStart }),
    ...(probes === undefined ? {} : { probes }),
  };
}

/** Whether probes may be sent, and whether their payloads may come from the log. How they are judged is a deployment's. */
function probesOf(options: SettingsOptions, file: PolicyFile, before: Before): Settings['probes'] {
  const others = Object.keys(file.probes ?? {}).filter((name) => !targetOnlyProbes.some((own) => own === name));
  if (others.length > 0) {
    throw usage(
      `probes.${others.join(', probes.')} in ${options.policy}: that belongs to a deployment, not to the target.`,
      'Give it with the deployment: sluice deploy TARGET --policy FILE',
    );
  }
  const safe = options.probesSafe ?? file.probes?.safe;
  const recordFromLog = options.probesFromLog ?? file.probes?.recordFromLog;
  if (safe === undefined && recordFromLog === undefined) return undefined;
  return {
    safe: safe ?? before.probes.safe,
    ...(recordFromLog === undefined ? {} : { recordFromLog }),
  };
}

function analysisOf({ judge, profile }: SettingsOptions, file: PolicyFile, before: Before): Settings['analysis'] {
  if (judge === 'off') {
    if (profile !== undefined) throw usage('--judge off and --profile: one of them.');
    return null;
  }
  const base = file.analysis === undefined ? before.analysis : file.analysis;
  if (profile !== undefined) return { ...base, profile } as NonNullable<Settings['analysis']>;
  return judge === 'on' && before.analysisOff ? (base ?? {}) : file.analysis;
}

const SOURCES = ['cloudwatch', 'logs'];
const EXAMPLE =
  'Give cloudwatch, logs, or a file such as {"source": "http", "url": "https://metrics.example/evidence"}.';

async function metricsOf(
  options: SettingsOptions,
  file: PolicyFile,
  before: Before,
  cwd: string,
): Promise<Settings['metrics']> {
  const named = options.metrics === undefined ? file.metrics : await sourceOf(options.metrics, cwd);
  const pace = {
    ...(options.period === undefined ? {} : { periodSeconds: seconds('--period', options.period) }),
    ...(options.settle === undefined ? {} : { settleSeconds: seconds('--settle', options.settle) }),
  };
  if (Object.keys(pace).length === 0) return named;
  return { ...(named ?? before.metrics ?? { source: 'cloudwatch' }), ...pace } as Settings['metrics'];
}

/** What a file may hold is checked with the whole request, by the API. */
async function sourceOf(text: string, cwd: string): Promise<Settings['metrics']> {
  if (SOURCES.includes(text)) return { source: text } as Settings['metrics'];
  if (isDataFile(text)) return (await readDataFile(text, cwd, 'metrics file', EXAMPLE)) as Settings['metrics'];
  throw usage(`--metrics ${text}: that source needs more than its name.`, EXAMPLE);
}

function deadlinesOf(options: SettingsOptions, file: PolicyFile, before: Before): Settings['deadlines'] {
  const { prepareDeadline, analysisDeadline, personDeadline } = options;
  const named = {
    ...(prepareDeadline === undefined ? {} : { prepareSeconds: seconds('--prepare-deadline', prepareDeadline) }),
    ...(analysisDeadline === undefined ? {} : { analysisSeconds: seconds('--analysis-deadline', analysisDeadline) }),
    ...(personDeadline === undefined ? {} : { personSeconds: seconds('--person-deadline', personDeadline) }),
  };
  if (Object.keys(named).length === 0) return file.deadlines;
  return { ...(file.deadlines ?? before.deadlines), ...named };
}

function alarmsOf({ alarm, alarms }: SettingsOptions, file: PolicyFile): Settings['alarms'] {
  if (alarms !== false) return alarm ? [...alarm] : file.alarms;
  if (alarm) throw usage('--alarm and --no-alarms: one of them.');
  return [];
}

const UNIT = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90`, `90s`, `15m`, `24h`, `7d` in seconds. */
function seconds(option: string, text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (amount === undefined) throw usage(`${option} ${text} is not a duration such as 90s, 15m or 24h.`);
  return Number(amount) * UNIT[unit as keyof typeof UNIT];
}
