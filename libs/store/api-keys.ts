import { randomUUID } from 'node:crypto';
import type { ApiKeyRow } from './api.js';
import type { Database, Executor } from './database.js';
import type { ApiKey } from './generated/client.js';
import { sharedLook } from './look-together.js';

export type ApiKeyInput = Pick<ApiKeyRow, 'name' | 'prefix' | 'secretHash' | 'scopes'> & {
  readonly expiresAt: number | undefined;
};

/** Keys are stored as a public prefix and the SHA-256 of the whole; nothing here can be used as a key. */
export function apiKeyRows({ prisma, pool }: Database) {
  return {
    /** Asked by every request, so requests that come together share a round trip. */
    findByPrefix: sharedLook((prefixes: readonly string[]) => findByPrefixes(pool, prefixes)),
    async create(projectId: string, input: ApiKeyInput): Promise<ApiKeyRow> {
      const expiresAt = input.expiresAt === undefined ? null : new Date(input.expiresAt);
      const data = { ...input, id: randomUUID(), projectId, scopes: [...input.scopes], expiresAt };
      return read(await prisma.apiKey.create({ data }));
    },
    async list(projectId: string): Promise<ApiKeyRow[]> {
      return (await prisma.apiKey.findMany({ where: { projectId }, orderBy: { createdAt: 'asc' } })).map(read);
    },
    async revoke(projectId: string, id: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        'UPDATE api_keys SET revoked_at = clock_timestamp() WHERE id = $1 AND project_id = $2 AND revoked_at IS NULL',
        [id, projectId],
      );
      return rowCount === 1;
    },
    /** Remembers the last use, at most once a minute. */
    async touch(id: string): Promise<void> {
      await pool.query(
        `UPDATE api_keys SET last_used_at = clock_timestamp()
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')`,
        [id],
      );
    },
  };
}

async function findByPrefixes(
  executor: Executor,
  prefixes: readonly string[],
): Promise<((ApiKeyRow & { readonly lastUseDue: boolean }) | undefined)[]> {
  const { rows } = await executor.query<ApiKeyRow & { readonly lastUseDue: boolean }>({
    name: 'api-keys-by-prefix',
    text: `SELECT id, project_id AS "projectId", name, prefix, secret_hash AS "secretHash", scopes,
        (extract(epoch FROM expires_at) * 1000)::float8 AS "expiresAt",
        (extract(epoch FROM revoked_at) * 1000)::float8 AS "revokedAt",
        last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute' AS "lastUseDue"
      FROM api_keys WHERE prefix = ANY($1)`,
    values: [prefixes],
  });
  const found = new Map(rows.map((row) => [row.prefix, row]));
  return prefixes.map((prefix) => {
    const row = found.get(prefix);
    return row && { ...row, expiresAt: row.expiresAt ?? undefined, revokedAt: row.revokedAt ?? undefined };
  });
}

function read(row: ApiKey): ApiKeyRow {
  return {
    id: row.id,
    projectId: row.projectId,
    name: row.name,
    prefix: row.prefix,
    secretHash: row.secretHash,
    scopes: row.scopes,
    expiresAt: row.expiresAt?.getTime(),
    revokedAt: row.revokedAt?.getTime(),
  };
}
