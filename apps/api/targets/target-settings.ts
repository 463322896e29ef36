import { z } from 'zod';
import { probeConsent, targetSettings } from '#contracts';
import type { TargetRow } from '#store';

/** What a target says for deployments that do not say: stored as JSON, parsed whenever it is read back. */
const settingsSchema = z.object({
  ...targetSettings,
  /** Consent to `recordFromLog`; never taken from a request. */
  probeConsent: probeConsent.optional(),
});
export type TargetSettings = z.infer<typeof settingsSchema>;

/** Settings of another release that this one cannot read count as not set: a deployment must still be possible. */
export function readSettings({ settings }: Pick<TargetRow, 'settings'>): TargetSettings {
  const parsed = settingsSchema.safeParse(settings);
  return parsed.success ? parsed.data : {};
}

/** Only what was given; a member that is not named keeps what `before` says. */
export function mergeSettings(before: TargetSettings, change: TargetSettings): TargetSettings {
  const names = Object.keys(settingsSchema.shape) as (keyof TargetSettings)[];
  const named = names.flatMap((name) => (change[name] === undefined ? [] : [[name, change[name]]]));
  return { ...before, ...Object.fromEntries(named) };
}

/** A member that is taken back counts as never set. */
export function withoutMembers(settings: TargetSettings, members: readonly (keyof TargetSettings)[]): TargetSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !members.includes(name as never)));
}

/**
 * What a request says about probes, with who said it and when where it allows payloads to be read from the log. Consent
 * that was given stays with whoever gave it until it is taken back, by its own word or with `safe`.
 */
export function withConsent(settings: TargetSettings, given: TargetSettings['probes'], by: string, at: string) {
  const { probeConsent: before, ...rest } = settings;
  const { safe = false } = settings.probes ?? {};
  const wanted = safe && (given?.recordFromLog ?? before !== undefined);
  return {
    ...rest,
    ...(settings.probes ? { probes: { safe } } : {}),
    ...(wanted ? { probeConsent: before ?? { by, at } } : {}),
  } satisfies TargetSettings;
}
