import { randomUUID } from 'node:crypto';
import type { AliasRecord, FunctionRecord, MappingRecord, PlaceRecord, VersionRecord } from './records.js';

/**
 * State moves when somebody looks: a change under way carries the moment at which it ends, and every operation first
 * applies what has ended by now. There is no timer to lose, and a restart in the middle changes nothing.
 */
export function settleFunction(fn: FunctionRecord, now: number): void {
  settleVersion(fn.latest, now);
  for (const version of Object.values(fn.versions)) settleVersion(version, now);
  for (const alias of Object.values(fn.aliases)) settleAlias(alias, now);
}

function settleAlias(alias: AliasRecord, now: number): void {
  const moving = alias.moving;
  if (!moving) return;
  if (now >= moving.until) {
    alias.moving = undefined;
    alias.revisionId = randomUUID();
  } else moving.share = Math.round((100 * (moving.until - now)) / (moving.until - moving.startedAt)) / 100;
}

function settleVersion(version: VersionRecord, now: number): void {
  const settling = version.settling;
  if (!settling || now < settling.at) return;
  version.settling = undefined;
  // As on AWS, settling is itself a change: the token in the update's answer is stale afterwards.
  version.revisionId = randomUUID();
  if (settling.kind === 'create') activate(version, settling.outcome === 'ok', settling.reason, settling.reasonCode);
  else finishUpdate(version, settling);
}

function activate(version: VersionRecord, ok: boolean, reason?: string, code?: string): void {
  version.state = ok ? 'Active' : 'Failed';
  version.stateReason = ok ? undefined : (reason ?? 'The function could not be activated.');
  version.stateReasonCode = ok ? undefined : (code ?? 'InternalError');
  version.updateStatus = ok ? 'Successful' : 'Failed';
  version.updateReason = version.stateReason;
  version.updateReasonCode = version.stateReasonCode;
}

function finishUpdate(version: VersionRecord, settling: NonNullable<VersionRecord['settling']>): void {
  const ok = settling.outcome === 'ok';
  version.updateStatus = ok ? 'Successful' : 'Failed';
  version.updateReason = ok ? undefined : (settling.reason ?? 'The update could not be completed.');
  version.updateReasonCode = ok ? undefined : (settling.reasonCode ?? 'InternalError');
  version.serving = ok ? undefined : settling.previous;
}

export function settleMappings(place: PlaceRecord, now: number): void {
  for (const mapping of Object.values(place.mappings)) {
    if (mapping.settlesAt === undefined || now < mapping.settlesAt || !mapping.nextState) continue;
    if (mapping.nextState === 'Gone') delete place.mappings[mapping.uuid];
    else reach(mapping, mapping.nextState);
  }
}

function reach(mapping: MappingRecord, state: 'Enabled' | 'Disabled') {
  mapping.state = state;
  mapping.nextState = undefined;
  mapping.settlesAt = undefined;
}
