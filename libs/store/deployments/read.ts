import type { DeploymentFilter, DeploymentRow, PageCursor, UnreadableDeployment } from '../api.js';
import { type Executor, prepared } from '../database.js';
import type { RequestSeal, StoredPayloads } from '../sealed-request.js';
import { type RawRow, ROW_COLUMNS, ROW_SOURCE, readAnyRow, readRow } from './row.js';

/** `undefined` when there is none in this project; the id must be a UUID. */
export async function getDeployment(
  executor: Executor,
  projectId: string,
  id: string,
): Promise<DeploymentRow | undefined> {
  const { rows } = await executor.query<RawRow>(
    `SELECT ${ROW_COLUMNS} FROM ${ROW_SOURCE} WHERE d.id = $1 AND d.project_id = $2`,
    [id, projectId],
  );
  return rows[0] && readRow(rows[0]);
}

/** For those who show it: a state that cannot be read does not hide the rest. */
export async function lookAtDeployment(
  executor: Executor,
  projectId: string,
  id: string,
): Promise<DeploymentRow | UnreadableDeployment | undefined> {
  const { rows } = await executor.query<RawRow>(
    `SELECT ${ROW_COLUMNS} FROM ${ROW_SOURCE} WHERE d.id = $1 AND d.project_id = $2`,
    [id, projectId],
  );
  return rows[0] && readAnyRow(rows[0]);
}

const LOAD = prepared('load', `SELECT ${ROW_COLUMNS} FROM ${ROW_SOURCE} WHERE d.id = $1`);

const LOAD_TOGETHER = prepared(
  'load_together',
  `SELECT ${ROW_COLUMNS} FROM ${ROW_SOURCE} WHERE d.id = ANY ($1::uuid[])`,
);

/** A row as it came: what cannot be read is the trouble of whoever asked for it. */
export interface Found {
  readonly raw: RawRow | undefined;
}

export async function findRaw(executor: Executor, id: string): Promise<Found> {
  return { raw: (await executor.query<RawRow>(LOAD([id]))).rows[0] };
}

/** The same on an executor of one's own. */
export async function loadDeployment(executor: Executor, id: string): Promise<DeploymentRow | undefined> {
  const { raw } = await findRaw(executor, id);
  return raw && readRow(raw);
}

export async function findRawTogether(executor: Executor, ids: readonly string[]): Promise<Found[]> {
  const { rows } = await executor.query<RawRow>(LOAD_TOGETHER([ids]));
  const found = new Map(rows.map((raw) => [raw['id'], raw]));
  return ids.map((id) => ({ raw: found.get(id) }));
}

/** The one deployment that is neither ended nor queued. */
export async function activeOn(executor: Executor, targetId: string): Promise<DeploymentRow | undefined> {
  const { rows } = await executor.query<RawRow>(
    `SELECT ${ROW_COLUMNS} FROM ${ROW_SOURCE} WHERE d.target_id = $1 AND d.ended_at IS NULL AND d.phase <> 'queued'`,
    [targetId],
  );
  return rows[0] && readRow(rows[0]);
}

/** Its id alone, which can be told of a row that cannot be read as well. */
export async function activeIdOn(executor: Executor, targetId: string): Promise<string | undefined> {
  const { rows } = await executor.query<{ id: string }>(
    `SELECT id FROM deployments WHERE target_id = $1 AND ended_at IS NULL AND phase <> 'queued'`,
    [targetId],
  );
  return rows[0]?.id;
}

/** Newest first, keyset paging. A row that cannot be read keeps its place: a page that lacks it would look like the last one. */
export async function listDeployments(
  executor: Executor,
  projectId: string,
  filter: DeploymentFilter,
  limit: number,
  cursor: PageCursor | undefined,
): Promise<(DeploymentRow | UnreadableDeployment)[]> {
  const { rows } = await executor.query<RawRow>(
    `SELECT ${ROW_COLUMNS} FROM ${ROW_SOURCE}
     WHERE d.project_id = $1
       AND ($2::uuid IS NULL OR d.target_id = $2)
       AND ($3::text[] IS NULL OR d.phase = ANY($3))
       AND (NOT $4 OR (d.ended_at IS NULL AND d.phase <> 'queued'))
       AND ($5::float8 IS NULL OR (d.created_at, d.id) < (to_timestamp($5 / 1000), $6::uuid))
     ORDER BY d.created_at DESC, d.id DESC LIMIT $7`,
    [
      projectId,
      filter.targetId ?? null,
      filter.phases ?? null,
      filter.active ?? false,
      cursor?.createdAt ?? null,
      cursor?.id ?? null,
      limit,
    ],
  );
  return rows.map(readAnyRow);
}

/** Milliseconds of database time. */
export async function databaseTime(executor: Executor): Promise<number> {
  const { rows } = await executor.query<{ now: number }>(
    'SELECT round(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
  );
  return rows[0]?.now ?? 0;
}

/** What a deployment's probes are to send; undefined once they were sent, or when there are none. */
export async function probePayloads(executor: Executor, deploymentId: string, seal: RequestSeal) {
  const { rows } = await executor.query<{ payloads: StoredPayloads }>(
    'SELECT payloads FROM probe_payloads WHERE deployment_id = $1',
    [deploymentId],
  );
  const [stored] = rows;
  return stored && seal.openPayloads(stored.payloads, deploymentId);
}
