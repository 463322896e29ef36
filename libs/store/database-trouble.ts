import { DatabaseBusy } from './bounded-pool.js';

/**
 * The database's own trouble, by Node's, Postgres' and Prisma's codes: connections that are refused, lost or not to be
 * had (08, 57P), resources that ran out (53: disk, memory, connections), a disk that fails (58030), time that ran out
 * (57014 statement, 55P03 lock, 25P03 idle), two statements in each other's way (40001, 40P01), and a standby that does
 * not take writes yet (25006).
 */
const CODES =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|08\w{3}|53\w{3}|57P0\d|57014|58030|55P03|25P0[34]|25006|40001|40P01|P1001|P1002|P1008|P1017|P2024|P2034)$/;

/** Where `pg` has only words. */
const WORDS =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|connection error and is not queryable|Client was closed/;

/** Whether an error says something about the database's present state and nothing about what was asked: the same may succeed in a moment. */
export function isDatabaseTrouble(error: unknown): boolean {
  for (let cause = error, depth = 0; cause && depth < 5; cause = (cause as { cause?: unknown }).cause, depth += 1) {
    if (cause instanceof DatabaseBusy) return true;
    const { code, originalCode, message } = cause as { code?: unknown; originalCode?: unknown; message?: unknown };
    if ([code, originalCode].some((one) => typeof one === 'string' && CODES.test(one))) return true;
    if (typeof message === 'string' && WORDS.test(message)) return true;
  }
  return false;
}
