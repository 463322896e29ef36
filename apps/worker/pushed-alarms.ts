import { z } from 'zod';
import { targetAlarms } from '#contracts';
import type { AlarmMemory } from '#metrics';
import type { TargetRow } from '#store';
import type { WorkerParts } from './parts.js';

const settings = z.object({ alarms: targetAlarms.optional() });

/** The alarms a target names; none when it names none, or in a way this release does not understand. */
export function alarmNames(target: Pick<TargetRow, 'settings'>): readonly string[] {
  return settings.safeParse(target.settings).data?.alarms ?? [];
}

/**
 * A sentence when an alarm was pushed as having gone off since the canary may have traffic. A pushed fact holds though
 * the alarm be quiet again by now. What was red before says nothing about the canary.
 */
export async function pushedAlarm(
  parts: Pick<WorkerParts, 'store'>,
  target: TargetRow,
  memory: AlarmMemory,
): Promise<string | undefined> {
  const names = alarmNames(target).filter((name) => !memory.redAtStart?.includes(name));
  if (names.length === 0) return undefined;
  const wentOff = await parts.store.alarmPushes.wentOff(target, names, memory.startedAtMs);
  if (wentOff.length === 0) return undefined;
  const quoted = wentOff.map((name) => `"${name}"`).join(', ');
  return `The ${wentOff.length === 1 ? 'alarm' : 'alarms'} ${quoted} went off while the new version had traffic`;
}
