import { notFound } from '../lambda/errors.js';
import { functionArn, isVersionNumber, type Place } from '../lambda/names.js';
import type { AliasRecord, FunctionRecord, PlaceRecord, VersionRecord, World } from './records.js';
import { settleFunction, settleMappings } from './settle.js';

/** What a qualifier resolves to: always a version, and the alias when it was one. */
export interface Resolved {
  fn: FunctionRecord;
  version: VersionRecord;
  alias?: AliasRecord | undefined;
}

/** Reads of the world. Every look first settles what has ended by now. */
export class Store {
  world: World = { places: {} };
  /** The function as it was before its latest change: what a stale read shows. Kept only while `remember` is set. */
  private readonly before = new Map<string, FunctionRecord>();

  constructor(private readonly now: () => number) {}

  place(place: Place): PlaceRecord {
    const key = `${place.account}/${place.region}`;
    const record = this.world.places[key] ?? { functions: {}, mappings: {} };
    this.world.places[key] = record;
    settleMappings(record, this.now());
    return record;
  }

  functions(place: Place): FunctionRecord[] {
    const all = Object.values(this.place(place).functions);
    for (const fn of all) settleFunction(fn, this.now());
    return all;
  }

  find(place: Place, name: string): FunctionRecord | undefined {
    const functions = this.place(place).functions;
    const fn = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (fn) settleFunction(fn, this.now());
    return fn;
  }

  /** The function, or "not found" with the ARN the caller asked for. */
  require(place: Place, name: string, qualifier?: string): FunctionRecord {
    const fn = this.find(place, name);
    if (!fn) throw notFound(`Function not found: ${functionArn(place, name, qualifier)}`);
    return fn;
  }

  resolve(place: Place, name: string, qualifier: string | undefined): Resolved {
    const fn = this.require(place, name, qualifier);
    const resolved = resolveIn(fn, qualifier);
    if (!resolved) throw notFound(`Function not found: ${functionArn(place, name, qualifier)}`);
    return resolved;
  }

  remember(fn: FunctionRecord): void {
    this.before.set(`${fn.account}/${fn.region}/${fn.name}`, structuredClone(fn));
  }

  remembered(place: Place, name: string): FunctionRecord | undefined {
    return this.before.get(`${place.account}/${place.region}/${name}`);
  }

  reset(world: World = { places: {} }): void {
    this.world = world;
    this.before.clear();
  }
}

export function resolveIn(fn: FunctionRecord, qualifier: string | undefined): Resolved | undefined {
  if (qualifier === undefined || qualifier === '$LATEST') return { fn, version: fn.latest };
  if (isVersionNumber(qualifier)) {
    const version = Object.hasOwn(fn.versions, qualifier) ? fn.versions[qualifier] : undefined;
    return version && { fn, version };
  }
  const alias = Object.hasOwn(fn.aliases, qualifier) ? fn.aliases[qualifier] : undefined;
  const version = alias && versionNamed(fn, alias.functionVersion);
  return version && { fn, version, alias };
}

export function versionNamed(fn: FunctionRecord, version: string): VersionRecord | undefined {
  if (version === '$LATEST') return fn.latest;
  return Object.hasOwn(fn.versions, version) ? fn.versions[version] : undefined;
}
