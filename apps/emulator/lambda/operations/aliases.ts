import { randomUUID } from 'node:crypto';
import type { AliasRecord, FunctionRecord } from '../../world/records.js';
import { versionNamed } from '../../world/store.js';
import { type Call, type Handler, inputOf, noContent, ok, type Services } from '../call.js';
import { requireRevision } from '../changes.js';
import { describeAlias } from '../describe.js';
import { conflict, invalidParameter, notFound } from '../errors.js';
import { functionArn, readUnqualifiedName } from '../names.js';
import { pageAnswer, pageOf } from '../paging.js';

interface AliasInput {
  FunctionName: string;
  Name: string;
  FunctionVersion?: string;
  Description?: string;
  RoutingConfig?: { AdditionalVersionWeights?: Record<string, number> };
  RevisionId?: string;
}

const noSuchAlias = (call: Call, fn: string, alias: string) =>
  notFound(`Cannot find alias arn: ${functionArn(call.place, fn, alias)}`);

function requireVersion(call: Call, fn: FunctionRecord, version: string) {
  const found = versionNamed(fn, version);
  if (!found) throw notFound(`Function not found: ${functionArn(call.place, fn.name, version)}`);
  return found;
}

/** What an alias may route to: one other published version of the same role and dead-letter target. */
function checkRouting(call: Call, fn: FunctionRecord, primary: string, weights: Record<string, number>): void {
  const others = Object.keys(weights);
  const [other] = others;
  if (others.length > 1) throw invalidParameter('Number of items in AdditionalVersionWeights cannot be greater than 1');
  const version = requireVersion(call, fn, primary);
  if (other === undefined) return;
  if (primary === '$LATEST')
    throw invalidParameter('$LATEST is not supported for an alias pointing to more than 1 version');
  if (other === primary)
    throw invalidParameter(
      `Invalid function version ${other}. Function version ${other} is already included in routing configuration.`,
    );
  const second = requireVersion(call, fn, other);
  if (second.settings.role !== version.settings.role)
    throw invalidParameter('All versions in the routing configuration must have the same execution role.');
  if (second.settings.deadLetterArn !== version.settings.deadLetterArn)
    throw invalidParameter('All versions in the routing configuration must have the same dead letter configuration.');
}

const createAlias: Handler = (services, call) => {
  const input = inputOf<AliasInput & { FunctionVersion: string }>(call);
  const fn = services.store.require(call.place, readUnqualifiedName(call.place, input.FunctionName));
  const weights = input.RoutingConfig?.AdditionalVersionWeights ?? {};
  checkRouting(call, fn, input.FunctionVersion, weights);
  if (Object.hasOwn(fn.aliases, input.Name))
    throw conflict(`Alias already exists: ${functionArn(call.place, fn.name, input.Name)}`);
  const alias: AliasRecord = {
    name: input.Name,
    functionVersion: input.FunctionVersion,
    description: input.Description ?? '',
    weights,
    revisionId: randomUUID(),
  };
  fn.aliases[input.Name] = alias;
  return ok(describeAlias(fn, alias), 201);
};

function findAlias(services: Services, call: Call): { fn: FunctionRecord; alias: AliasRecord } {
  const input = inputOf<AliasInput>(call);
  const name = readUnqualifiedName(call.place, input.FunctionName);
  const current = services.store.find(call.place, name);
  const fn = (call.stale && services.store.remembered(call.place, name)) || current;
  const alias = fn && Object.hasOwn(fn.aliases, input.Name) ? fn.aliases[input.Name] : undefined;
  if (!fn || !alias) throw noSuchAlias(call, name, input.Name);
  return { fn, alias };
}

const getAlias: Handler = (services, call) => {
  const { fn, alias } = findAlias(services, call);
  return ok(describeAlias(fn, alias));
};

/**
 * A member that is left out stays as it is, the routing configuration included; an empty one clears it. Every accepted
 * update moves the RevisionId, even when nothing else changes.
 */
const updateAlias: Handler = (services, call) => {
  const input = inputOf<AliasInput>(call);
  const fn = services.store.require(call.place, readUnqualifiedName(call.place, input.FunctionName));
  const alias = Object.hasOwn(fn.aliases, input.Name) ? fn.aliases[input.Name] : undefined;
  if (!alias) throw notFound(`Alias not found: ${functionArn(call.place, fn.name, input.Name)}`);
  requireRevision(input.RevisionId, alias.revisionId);
  const primary = input.FunctionVersion ?? alias.functionVersion;
  const weights = input.RoutingConfig ? (input.RoutingConfig.AdditionalVersionWeights ?? {}) : alias.weights;
  checkRouting(call, fn, primary, weights);
  const from = alias.functionVersion;
  alias.functionVersion = primary;
  alias.weights = weights;
  alias.moving = undefined;
  alias.description = input.Description ?? alias.description;
  alias.revisionId = randomUUID();
  const answer = describeAlias(fn, alias);
  moveProvisioned(services, call, fn, alias, from);
  return ok(answer);
};

/** Provisioned concurrency follows its alias: it is allocated anew, and traffic moves over as it becomes ready. */
function moveProvisioned(services: Services, call: Call, fn: FunctionRecord, alias: AliasRecord, from: string): void {
  const provisioned = fn.provisioned[alias.name];
  if (!provisioned || from === alias.functionVersion) return;
  const until = call.now + (call.effect.settleMs ?? services.settleMs());
  provisioned.readyAt = until;
  provisioned.modifiedAt = call.now;
  if (Object.keys(alias.weights).length === 0) alias.moving = { from, share: 1, startedAt: call.now, until };
}

const deleteAlias: Handler = (services, call) => {
  const input = inputOf<AliasInput>(call);
  const fn = services.store.require(call.place, readUnqualifiedName(call.place, input.FunctionName));
  if (fn.urls[input.Name])
    throw conflict('Cannot delete alias because it has a function URL configured. Delete the function URL first.');
  delete fn.aliases[input.Name];
  delete fn.policies[input.Name];
  delete fn.provisioned[input.Name];
  delete fn.eventInvoke[input.Name];
  return noContent();
};

const listAliases: Handler = (services, call) => {
  const input = inputOf<{ FunctionName: string; FunctionVersion?: string; Marker?: string; MaxItems?: number }>(call);
  const fn = services.store.require(call.place, readUnqualifiedName(call.place, input.FunctionName));
  const wanted = input.FunctionVersion;
  const all = Object.values(fn.aliases)
    .filter((alias) => wanted === undefined || alias.functionVersion === wanted || wanted in alias.weights)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = pageOf(all, (alias) => alias.name, input);
  const rows = page.items.map((alias) => describeAlias(fn, alias));
  return ok(pageAnswer('Aliases', rows, page.nextMarker));
};

export const aliasHandlers: Record<string, Handler> = {
  CreateAlias: createAlias,
  GetAlias: getAlias,
  UpdateAlias: updateAlias,
  DeleteAlias: deleteAlias,
  ListAliases: listAliases,
};
