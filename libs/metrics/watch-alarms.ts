import type { AlarmReading, Outcome } from '#aws';

/** What is kept of a rollout's alarms between two looks. */
export interface AlarmMemory {
  /** When the canary first had traffic, milliseconds. */
  readonly startedAtMs: number;
  /** Alarms that were red before that; absent until the alarms were read for the first time. */
  readonly redAtStart?: readonly string[];
}

export interface AlarmsSeen {
  readonly memory: AlarmMemory;
  /** One line per alarm, for display. */
  readonly shown: readonly { readonly name: string; readonly state: string; readonly redAtStart: boolean }[];
  /** `fail`: an alarm went off during the rollout. `blind`: it cannot be known whether one did. */
  readonly word: 'fail' | 'blind' | 'quiet';
  readonly sentence: string;
  /** For `blind`: whether looking again may help. */
  readonly retry?: 'again' | 'never';
}

/**
 * An alarm that goes off while the canary has traffic speaks against it. One that was red before says nothing about it,
 * for the whole rollout: whether it flaps is not the canary's doing. Too little data is neither good nor bad.
 */
export function seeAlarms(
  before: AlarmMemory | undefined,
  names: readonly string[],
  reading: Outcome<AlarmReading[]>,
  startedAtMs: number,
): AlarmsSeen {
  const memory = before ?? { startedAtMs };
  if (!reading.ok) {
    const retry = reading.fault.retry === 'never' ? 'never' : 'again';
    return blind(memory, `The alarms could not be read. ${reading.fault.public}`, retry);
  }
  const known = new Map(reading.value.map((alarm) => [alarm.name, alarm]));
  const missing = names.filter((name) => !known.has(name));
  if (missing.length > 0)
    return blind(memory, `There is no alarm named ${quoted(missing)} in this account and region.`, 'never');
  const alarms = names.flatMap((name) => known.get(name) ?? []);
  const red = alarms.filter(({ state }) => state === 'ALARM');
  const redAtStart =
    memory.redAtStart ??
    red.filter(({ sinceMs }) => sinceMs !== undefined && sinceMs <= memory.startedAtMs).map(({ name }) => name);
  const seen = {
    memory: { ...memory, redAtStart },
    shown: alarms.map(({ name, state }) => ({ name, state, redAtStart: redAtStart.includes(name) })),
  };
  const fresh = red.filter(({ name }) => !redAtStart.includes(name)).map(({ name }) => name);
  if (fresh.length > 0)
    return { ...seen, word: 'fail', sentence: `${went(fresh)} off while the new version had traffic` };
  return { ...seen, word: 'quiet', sentence: quietSentence(alarms, redAtStart) };
}

function blind(memory: AlarmMemory, sentence: string, retry: 'again' | 'never'): AlarmsSeen {
  return { memory, shown: [], word: 'blind', sentence, retry };
}

function quietSentence(alarms: readonly AlarmReading[], redAtStart: readonly string[]): string {
  const silent = alarms.filter(({ state }) => state === 'INSUFFICIENT_DATA').map(({ name }) => name);
  const remarks = [
    'no alarm went off',
    ...(redAtStart.length > 0 ? [`${quoted(redAtStart)} had been red before and does not count`] : []),
    ...(silent.length > 0 ? [`${quoted(silent)} has too little data`] : []),
  ];
  return remarks.join('; ');
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
const went = (names: readonly string[]) =>
  names.length === 1 ? `The alarm ${quoted(names)} went` : `The alarms ${quoted(names)} went`;
