import type { Executor } from '../database.js';
import { together } from '../together.js';
import { findRaw, findRawTogether } from './read.js';
import { type Entry, rearm, recordEvent, recordStart } from './record.js';
import {
  mayShareRecord,
  type RearmEntry,
  rearmTogether,
  recordTogether,
  type StartEntry,
  startTogether,
} from './record-together.js';

/** A worker that falls behind has as many at hand, of a few KB each; beyond this a larger statement saves nothing more. */
const MOST = 100;

/** The statements of a walk, shared by the walks that come to them at the same time. */
export function sharedStatements(executor: Executor) {
  return {
    find: together({
      alone: (id: string) => findRaw(executor, id),
      together: (ids) => findRawTogether(executor, ids),
      most: MOST,
    }),
    write: together({
      alone: ({ row, event, next, options }: Entry) => recordEvent(executor, row, event, next, options),
      together: (entries) => recordTogether(executor, entries),
      most: MOST,
      mayShare: mayShareRecord,
    }),
    begin: together({
      alone: ({ row, event, next, actor }: StartEntry) => recordStart(executor, row, event, next, actor),
      together: (entries) => startTogether(executor, entries),
      most: MOST,
    }),
    armAgain: together({
      alone: async ({ row, nextAt, evidence, blocks }: RearmEntry) => ({
        phase: await rearm(executor, row, nextAt, evidence, blocks),
      }),
      together: (entries) => rearmTogether(executor, entries),
      most: MOST,
    }),
  };
}
