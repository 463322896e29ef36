import { randomUUID } from 'node:crypto';
import type { QueuePolicy, TargetRow } from './api.js';
import type { Database } from './database.js';
import { databaseTime } from './deployments/read.js';
import type { Target } from './generated/client.js';

export type TargetInput = Pick<TargetRow, 'name' | 'accountId' | 'region' | 'functionName' | 'aliasName'> & {
  readonly policy: QueuePolicy;
  readonly settings: TargetRow['settings'];
};

export type TargetChange = Partial<Pick<TargetInput, 'name' | 'policy' | 'settings'>>;

/** Ordinary rows: Prisma serves them. Names and addresses are unique within a project. */
export function targetRows({ prisma, pool }: Database) {
  return {
    /** `exists` when the name or the address is taken. */
    async create(projectId: string, input: TargetInput): Promise<TargetRow | 'exists'> {
      const data = { ...input, id: randomUUID(), projectId, settings: input.settings as object };
      return prisma.target.create({ data }).then(read, takenOrThrow);
    },
    async get(projectId: string, id: string): Promise<TargetRow | undefined> {
      const row = await prisma.target.findFirst({ where: { id, projectId } });
      return row ? read(row) : undefined;
    },
    async byName(projectId: string, name: string): Promise<TargetRow | undefined> {
      const row = await prisma.target.findUnique({ where: { projectId_name: { projectId, name } } });
      return row ? read(row) : undefined;
    },
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
