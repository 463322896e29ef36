import { randomUUID } from 'node:crypto';
import type { QueuePolicy, TargetRow } from './api.js';
import type { Database, Executor } from './database.js';
import { databaseTime } from './deployments/read.js';
import { type RawRow, readTarget, targetColumns } from './deployments/row.js';
import type { Target } from './generated/client.js';
import { sharedLook } from './look-together.js';

export type TargetInput = Pick<TargetRow, 'name' | 'accountId' | 'region' | 'functionName' | 'aliasName'> & {
  readonly policy: QueuePolicy;
  readonly settings: TargetRow['settings'];
};

export type TargetChange = Partial<Pick<TargetInput, 'name' | 'policy' | 'settings'>>;

/** Ordinary rows: Prisma serves them, but for the look-ups of the busiest path, where it costs several times the statement. Names and addresses are unique within a project. */
export function targetRows({ prisma, pool }: Database) {
  // Every accept looks its target up: those that come together share a round trip.
  const byId = sharedLook((ids: readonly string[]) => targetsById(pool, ids));
  const byName = sharedLook((names: readonly TargetName[]) => targetsByName(pool, names));
  return {
    /** `exists` when the name or the address is taken. */
    async create(projectId: string, input: TargetInput): Promise<TargetRow | 'exists'> {
      const data = { ...input, id: randomUUID(), projectId, settings: input.settings as object };
      return prisma.target.create({ data }).then(read, takenOrThrow);
    },
    async get(projectId: string, id: string): Promise<TargetRow | undefined> {
      const row = await byId(id);
      return row?.projectId === projectId ? row : undefined;
    },
    byName: (projectId: string, name: string): Promise<TargetRow | undefined> => byName({ projectId, name }),
    async list(projectId: string): Promise<TargetRow[]> {
      const rows = await prisma.target.findMany({ where: { projectId }, orderBy: { name: 'asc' } });
      return rows.map(read);
    },
    async update(projectId: string, id: string, change: TargetChange): Promise<TargetRow | 'exists' | undefined> {
      const found = await prisma.target.findFirst({ where: { id, projectId } });
      if (!found) return undefined;
      const updatedAt = new Date(await databaseTime(pool));
      const data = { ...change, settings: (change.settings ?? found.settings) as object, updatedAt };
      return prisma.target.update({ where: { id }, data }).then(read, takenOrThrow);
    },
    /** `in_use` while deployments refer to it: history is not deleted. */
    async remove(projectId: string, id: string): Promise<'removed' | 'in_use' | 'missing'> {
      if (await prisma.deployment.findFirst({ where: { targetId: id }, select: { id: true } })) return 'in_use';
      const { count } = await prisma.target.deleteMany({ where: { id, projectId } });
      return count === 1 ? 'removed' : 'missing';
    },
  };
}

interface TargetName {
  readonly projectId: string;
  readonly name: string;
}

const COLUMNS = `t.project_id, ${targetColumns('')}`;
const readRaw = (raw: RawRow) => readTarget(raw, '', raw['project_id'] as string);

async function targetsById(executor: Executor, ids: readonly string[]): Promise<(TargetRow | undefined)[]> {
  const text = `SELECT ${COLUMNS} FROM targets t WHERE t.id = ANY($1)`;
  const { rows } = await executor.query<RawRow>({ name: 'targets-by-id', text, values: [ids] });
  const found = new Map(rows.map((raw) => [raw['id'], readRaw(raw)]));
  return ids.map((id) => found.get(id));
}

async function targetsByName(executor: Executor, wanted: readonly TargetName[]): Promise<(TargetRow | undefined)[]> {
  // `WITH ORDINALITY` keeps the order of the questions; what is not there comes back as a row of nulls.
  const text = `SELECT ${COLUMNS} FROM unnest($1::text[], $2::text[]) WITH ORDINALITY w(project_id, name, nth)
    LEFT JOIN targets t ON t.project_id = w.project_id AND t.name = w.name ORDER BY w.nth`;
  const values = [wanted.map(({ projectId }) => projectId), wanted.map(({ name }) => name)];
  const { rows } = await executor.query<RawRow>({ name: 'targets-by-name', text, values });
  return rows.map((raw) => (raw['id'] === null ? undefined : readRaw(raw)));
}

function read(row: Target): TargetRow {
  return {
    id: row.id,
    projectId: row.projectId,
    name: row.name,
    accountId: row.accountId,
    region: row.region,
    functionName: row.functionName,
    aliasName: row.aliasName,
    policy: row.policy as QueuePolicy,
    settings: row.settings as TargetRow['settings'],
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  };
}

function takenOrThrow(error: unknown): 'exists' {
  if ((error as { code?: string }).code === 'P2002') return 'exists';
  throw error;
}
