import type { z } from 'zod';
import { type DeploymentView, type Page, routes } from '#contracts';
import type { DeploymentFilter, PageCursor } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { ApiParts } from '../parts.js';
import { findTarget } from '../targets/find-target.js';
import type { DeploymentShow } from './show-deployment.js';

type Query = z.output<typeof routes.listDeployments.query>;

export async function listDeployments(
  { store }: Pick<ApiParts, 'store'>,
  show: DeploymentShow,
  projectId: string,
  query: Query,
): Promise<Outcome<Page<DeploymentView>>> {
  const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
  if (cursor === 'invalid') {
    const message = 'A cursor is the `next` of an earlier page, unchanged.';
    return refused('request_invalid', { errors: [{ path: '?cursor', message }] });
  }
  const filter = await filterOf(store, projectId, query);
  if (!filter.ok) return filter;
  // One more than asked for says whether there is a next page.
  const rows = await store.deployments.list(projectId, filter.value, query.limit + 1, cursor);
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const next = rows.length > query.limit && last ? writeCursor(last) : null;
  return granted({ items: await Promise.all(shown.map((row) => show.row(row))), next });
}

async function filterOf(
  store: ApiParts['store'],
  projectId: string,
  { target, phase, active }: Query,
): Promise<Outcome<DeploymentFilter>> {
  const found = target === undefined ? undefined : await findTarget(store, projectId, target);
  if (found && !found.ok) return found;
  return granted({
    ...(found ? { targetId: found.value.id } : {}),
    ...(phase === undefined ? {} : { phases: Array.isArray(phase) ? phase : [phase] }),
    ...(active === undefined ? {} : { active }),
  });
}

function writeCursor({ createdAt, id }: PageCursor): string {
  return Buffer.from(`${createdAt}.${id}`).toString('base64url');
}

function readCursor(text: string): PageCursor | 'invalid' {
  const match = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
    Buffer.from(text, 'base64url').toString(),
  );
  return match?.[1] && match[2] ? { createdAt: Number(match[1]), id: match[2] } : 'invalid';
}
