import type { Page, TargetView } from '#contracts';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { ApiParts } from '../parts.js';
import { targetView } from './target-view.js';

/** By name. A project has few targets, so the page is cut from all of them. */
export async function listTargets(
  { store }: Pick<ApiParts, 'store'>,
  projectId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Outcome<Page<TargetView>>> {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  if (after === 'invalid') {
    const message = 'A cursor is the `next` of an earlier page, unchanged.';
    return refused('request_invalid', { errors: [{ path: '?cursor', message }] });
  }
  const rows = (await store.targets.list(projectId))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .filter((row) => after === undefined || row.name > after.name);
  const shown = rows.slice(0, limit);
  const items = await Promise.all(
    shown.map(async (row) => targetView(row, await store.deployments.activeIdOn(row.id))),
  );
  const last = shown.at(-1);
  const next = rows.length > limit && last ? Buffer.from(`name ${last.name}`).toString('base64url') : null;
  return granted({ items, next });
}

function readCursor(text: string): { name: string } | 'invalid' {
  const name = /^name ([a-z0-9._-]{1,63})$/.exec(Buffer.from(text, 'base64url').toString())?.[1];
  return name ? { name } : 'invalid';
}
