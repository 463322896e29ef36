import { randomUUID } from 'node:crypto';
import type { FunctionRecord, Settings, VersionRecord } from '../world/records.js';
import type { Call, Services } from './call.js';
import { conflict, preconditionFailed } from './errors.js';
import { functionArn } from './names.js';

/** Refuses a change while an earlier one is under way: one update of `$LATEST` at a time. */
export function requireSettled(call: Call, fn: FunctionRecord): void {
  if (fn.latest.state === 'Pending')
    throw conflict(
      'The operation cannot be performed at this time. The function is currently in the following state: Pending',
    );
  if (fn.latest.updateStatus === 'InProgress')
    throw conflict(
      `The operation cannot be performed at this time. An update is in progress for resource: ${functionArn(call.place, fn.name)}`,
    );
}

/** The optimistic lock: a change that names a RevisionId applies to that revision only. */
export function requireRevision(wanted: string | undefined, actual: string, read = 'GetFunction/GetAlias'): void {
  if (wanted !== undefined && wanted !== actual) throw preconditionFailed(read);
}

const settleMs = (services: Services, call: Call) => call.effect.settleMs ?? services.settleMs();

/** `$LATEST` or a version that has just come into being: Pending until it settles. */
export function pendingVersion(services: Services, call: Call, version: string, settings: Settings): VersionRecord {
  return {
    version,
    settings,
    revisionId: randomUUID(),
    modifiedAt: call.now,
    state: 'Pending',
    stateReason: 'The function is being created.',
    stateReasonCode: 'Creating',
    settling: {
      at: call.now + settleMs(services, call),
      kind: 'create',
      outcome: call.effect.fails ? 'fails' : 'ok',
      reason: call.effect.fails?.reason,
      reasonCode: call.effect.fails?.reasonCode,
    },
    generation: randomUUID(),
  };
}

/** Puts new settings into `$LATEST`: visible at once as InProgress, serving once it settles. */
export function beginUpdate(services: Services, call: Call, fn: FunctionRecord, settings: Settings): void {
  const latest = fn.latest;
  const previous = latest.serving ?? latest.settings;
  latest.settings = settings;
  latest.serving = undefined;
  latest.revisionId = randomUUID();
  latest.modifiedAt = call.now;
  latest.generation = randomUUID();
  latest.updateStatus = 'InProgress';
  latest.updateReason = 'The function is being created.';
  latest.updateReasonCode = 'Creating';
  latest.settling = {
    at: call.now + settleMs(services, call),
    kind: 'update',
    outcome: call.effect.fails ? 'fails' : 'ok',
    reason: call.effect.fails?.reason,
    reasonCode: call.effect.fails?.reasonCode,
    previous,
  };
  services.functionChanged(fn);
}

const fingerprint = (settings: Settings) => JSON.stringify(settings);

/**
 * Freezes `$LATEST` as the next version, or answers with the newest one when nothing changed since. A version made
 * together with a create or update settles with it; one made alone is Active at once, except where a snapshot has to
 * be taken first (SnapStart) or a fault slows it down.
 */
export function publish(
  services: Services,
  call: Call,
  fn: FunctionRecord,
  wish: { description?: string | undefined; together: boolean },
): VersionRecord {
  const print = fingerprint(fn.latest.settings);
  const last = fn.lastPublished;
  const existing = last?.fingerprint === print ? fn.versions[last.version] : undefined;
  if (existing) return existing;
  const number = String(fn.nextVersion);
  const settings = { ...structuredClone(fn.latest.settings) };
  if (wish.description !== undefined) settings.description = wish.description;
  const version = pendingVersion(services, call, number, settings);
  const faulty = call.effect.fails !== undefined || call.effect.settleMs !== undefined;
  if (!wish.together && !faulty && settings.snapStart !== 'PublishedVersions') {
    version.state = 'Active';
    version.stateReason = undefined;
    version.stateReasonCode = undefined;
    version.updateStatus = 'Successful';
    version.settling = undefined;
  }
  fn.versions[number] = version;
  fn.nextVersion += 1;
  fn.lastPublished = { version: number, fingerprint: print };
  // Publishing is a change of the function too: the token of `$LATEST` moves on.
  fn.latest.revisionId = randomUUID();
  return version;
}
