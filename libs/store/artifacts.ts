import { randomUUID } from 'node:crypto';
import type { ArtifactRow } from './api.js';
import { type Database, type Executor, prepared } from './database.js';
import type { Artifact } from './generated/client.js';
import { sharedLook } from './look-together.js';

export interface ArtifactInput {
  readonly kind: ArtifactRow['kind'];
  readonly sha256: string | undefined;
  readonly storage: ArtifactRow['storage'];
}

/** How many chunks one read brings into memory at once. */
const CHUNKS_PER_READ = 4;

const CHUNKS = prepared(
  'chunks',
  'SELECT position, bytes FROM artifact_chunks WHERE artifact_id = $1 AND position > $2 ORDER BY position LIMIT $3',
);

/** Artifacts and their bytes. An artifact without `completedAt` is an upload that has not ended, or never will. */
export function artifactRows({ prisma, pool }: Database) {
  const byId = sharedLook((ids: readonly string[]) => finishedById(pool, ids));
  return {
    /** Looking an artifact up counts as using it: retention spares it from then on. */
    async find(projectId: string, kind: ArtifactRow['kind'], sha256: string): Promise<ArtifactRow | undefined> {
      const row = await prisma.artifact.findUnique({ where: { projectId_kind_sha256: { projectId, kind, sha256 } } });
      return row?.completedAt && (await used(pool, row.id)) ? read(row) : undefined;
    },
    async get(projectId: string, id: string): Promise<ArtifactRow | undefined> {
      const row = await byId(id);
      return row?.projectId === projectId ? row : undefined;
    },
    /** Begins an upload (no digest yet) or records a reference. */
    async create(projectId: string, input: ArtifactInput): Promise<ArtifactRow> {
      const row = await prisma.artifact.create({
        data: {
          id: randomUUID(),
          projectId,
          kind: input.kind,
          sha256: input.sha256 ?? null,
          storage: input.storage as object,
        },
      });
      return read(row);
    },
    async appendChunk(artifactId: string, position: number, bytes: Uint8Array): Promise<void> {
      await pool.query('INSERT INTO artifact_chunks (artifact_id, position, bytes) VALUES ($1, $2, $3)', [
        artifactId,
        position,
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      ]);
    },
    /**
     * Ends an upload under its digest. When the same bytes are there already (also: finished in the same instant), the
     * upload is dropped and the one that was there comes back.
     */
    async complete(artifactId: string, sha256: string, sizeBytes: number): Promise<ArtifactRow> {
      if (await finish(pool, artifactId, sha256, sizeBytes))
        return read(await prisma.artifact.findUniqueOrThrow({ where: { id: artifactId } }));
      const own = await prisma.artifact.findUniqueOrThrow({ where: { id: artifactId } });
      const known = await prisma.artifact.findUniqueOrThrow({
        where: { projectId_kind_sha256: { projectId: own.projectId, kind: own.kind, sha256 } },
      });
      await prisma.artifact.delete({ where: { id: artifactId } });
      await used(pool, known.id);
      return read(known);
    },
    /** Drops an upload that failed. A completed artifact stays. */
    async discard(artifactId: string): Promise<void> {
      await prisma.artifact.deleteMany({ where: { id: artifactId, completedAt: null } });
    },
    async *readChunks(artifactId: string): AsyncIterable<Uint8Array> {
      for (let after = -1; ; ) {
        const { rows } = await pool.query<{ position: number; bytes: Buffer }>(
          CHUNKS([artifactId, after, CHUNKS_PER_READ]),
        );
        for (const row of rows) yield row.bytes;
        const last = rows.at(-1);
        // They are read when the upload has ended: what is not there now will not come.
        if (!last || rows.length < CHUNKS_PER_READ) return;
        after = last.position;
      }
    },
  };
}

async function finishedById(executor: Executor, ids: readonly string[]): Promise<(ArtifactRow | undefined)[]> {
  const { rows } = await executor.query<ArtifactRow>({
    name: 'artifacts-by-id',
    text: `SELECT id, project_id AS "projectId", kind, sha256, size_bytes::float8 AS "sizeBytes", storage,
        (extract(epoch FROM completed_at) * 1000)::float8 AS "completedAt",
        (extract(epoch FROM created_at) * 1000)::float8 AS "createdAt"
      FROM artifacts WHERE id = ANY($1) AND completed_at IS NOT NULL`,
    values: [ids],
  });
  const found = new Map(rows.map((row) => [row.id, { ...row, sha256: row.sha256 ?? undefined }]));
  return ids.map((id) => found.get(id));
}

/** False when the same bytes are there already, or were finished in the same instant. */
async function finish(pool: Database['pool'], id: string, sha256: string, sizeBytes: number): Promise<boolean> {
  try {
    const { rowCount } = await pool.query(
      `UPDATE artifacts a SET sha256 = $2, size_bytes = $3, completed_at = clock_timestamp()
       WHERE a.id = $1 AND NOT EXISTS (
         SELECT FROM artifacts o WHERE o.project_id = a.project_id AND o.kind = a.kind AND o.sha256 = $2)`,
      [id, sha256, sizeBytes],
    );
    return rowCount === 1;
  } catch (error) {
    if ((error as { code?: string }).code === '23505') return false;
    throw error;
  }
}

/** Writes at most once an hour. False when retention has taken it in this very moment. */
async function used(pool: Database['pool'], id: string): Promise<boolean> {
  await pool.query(
    `UPDATE artifacts SET last_used_at = clock_timestamp()
     WHERE id = $1 AND last_used_at < clock_timestamp() - interval '1 hour'`,
    [id],
  );
  const { rowCount } = await pool.query('SELECT FROM artifacts WHERE id = $1', [id]);
  return rowCount === 1;
}

function read(row: Artifact): ArtifactRow {
  return {
    id: row.id,
    projectId: row.projectId,
    kind: row.kind as ArtifactRow['kind'],
    sha256: row.sha256 ?? undefined,
    sizeBytes: Number(row.sizeBytes),
    storage: row.storage as ArtifactRow['storage'],
    completedAt: row.completedAt?.getTime(),
    createdAt: row.createdAt.getTime(),
  };
}
