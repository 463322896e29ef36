import type { Executor } from './database.js';

/** A state change of a CloudWatch alarm that somebody trusted told us about. */
export interface AlarmPush {
  /** The sender's id of this message; the same one twice is one. */
  readonly id: string;
  /** Undefined: whoever pushed speaks for the account, not for one project. */
  readonly projectId: string | undefined;
  readonly accountId: string;
  readonly region: string;
  readonly alarmName: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  /** When the alarm changed, milliseconds of AWS's time. */
  readonly changedAtMs: number;
}

export type AlarmPushResult =
  | { readonly kind: 'recorded'; readonly deploymentIds: readonly string[] }
  | { readonly kind: 'repeated' }
  /** No target names this alarm: nothing is kept. */
  | { readonly kind: 'unknown_alarm' };

/** Longer than a rollout takes, and than SNS may repeat a message that matters. */
export const PUSHES_KEPT = "interval '7 days'";

/**
 * One statement: the fact, and for an alarm that went off the rollouts with traffic on their canary, which are due now
 * and told of by NOTIFY. What becomes of them is the worker's business.
 */
const RECORD = `
WITH named AS (
  SELECT id, project_id FROM targets
  WHERE account_id = $3 AND region = $4 AND settings -> 'alarms' ? $5 AND ($2::text IS NULL OR project_id = $2)
), forgotten AS (
  DELETE FROM alarm_pushes WHERE received_at < now() - ${PUSHES_KEPT}
), kept AS (
  INSERT INTO alarm_pushes (id, project_id, account_id, region, alarm_name, state, changed_at)
  SELECT $1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000) WHERE EXISTS (SELECT FROM named)
  ON CONFLICT DO NOTHING RETURNING id
), due AS (
  UPDATE deployments SET next_at = LEAST(next_at, clock_timestamp())
  WHERE EXISTS (SELECT FROM kept) AND $6 = 'ALARM' AND target_id IN (SELECT id FROM named)
    AND phase IN ('shifting', 'baking', 'gated', 'paused')
  RETURNING id, sequence, phase
), told AS (
  SELECT id, pg_notify('sluice_changed', id || ' ' || sequence || ' ' || phase || ' alarm') AS told FROM due
)
SELECT EXISTS (SELECT FROM named) AS known, EXISTS (SELECT FROM kept) AS fresh,
  (SELECT json_agg(id ORDER BY told IS NULL) FROM told) AS due`;

export function alarmPushRows(executor: Executor) {
  return {
    async record(push: AlarmPush): Promise<AlarmPushResult> {
      const { id, projectId, accountId, region, alarmName, state, changedAtMs } = push;
      const { rows } = await executor.query<{ known: boolean; fresh: boolean; due: string[] | null }>(RECORD, [
        id,
        projectId ?? null,
        accountId,
        region,
        alarmName,
        state,
        changedAtMs,
      ]);
      const answer = rows[0];
      if (!answer?.known) return { kind: 'unknown_alarm' };
      return answer.fresh ? { kind: 'recorded', deploymentIds: answer.due ?? [] } : { kind: 'repeated' };
    },
    /** The alarms among `names` that were pushed as having gone off since then, each once. */
    async wentOff(
      target: { readonly projectId: string; readonly accountId: string; readonly region: string },
      names: readonly string[],
      sinceMs: number,
    ): Promise<string[]> {
      const { rows } = await executor.query<{ alarm_name: string }>(
        `SELECT DISTINCT alarm_name FROM alarm_pushes
         WHERE account_id = $1 AND region = $2 AND alarm_name = ANY($3) AND state = 'ALARM'
           AND changed_at >= to_timestamp($4::float8 / 1000) AND (project_id IS NULL OR project_id = $5)
         ORDER BY alarm_name`,
        [target.accountId, target.region, names, sinceMs, target.projectId],
      );
      return rows.map((row) => row.alarm_name);
    },
  };
}
