import type { ArtifactRow, Store } from '#store';

const MOST_KEPT = 1000;

/** Finished artifacts never change, so what was read once is kept: a page of deployments costs one query. */
export class KnownArtifacts {
  private readonly kept = new Map<string, ArtifactRow>();

  constructor(private readonly store: Pick<Store, 'artifacts'>) {}

  async find(projectId: string, id: string | undefined): Promise<ArtifactRow | undefined> {
    if (id === undefined) return undefined;
    const kept = this.kept.get(id);
    if (kept) return kept.projectId === projectId ? kept : undefined;
    const row = await this.store.artifacts.get(projectId, id);
    if (row) this.keep(row);
    return row;
  }

  private keep(row: ArtifactRow): void {
    if (this.kept.size >= MOST_KEPT) {
      const oldest = this.kept.keys().next().value;
      if (oldest !== undefined) this.kept.delete(oldest);
    }
    this.kept.set(row.id, row);
  }
}
