import { type Operation, operations } from '../lambda/model/index.js';

interface Route {
  name: string;
  operation: Operation;
  segments: string[];
  /** A query member that this route needs, where two operations share method and path. */
  needs: [string, string] | undefined;
}

export interface Match {
  name: string;
  operation: Operation;
  uri: Record<string, string>;
}

const routes = new Map<string, Route[]>();
for (const [name, operation] of Object.entries(operations)) {
  const [path = '', query] = operation.path.split('?');
  const segments = path.split('/').slice(1);
  const [member, value] = query?.split('=') ?? [];
  const route: Route = { name, operation, segments, needs: member && value ? [member, value] : undefined };
  const key = `${operation.method} ${segments.length} ${segments[0]}`;
  const list = routes.get(key) ?? [];
  if (route.needs) list.unshift(route);
  else list.push(route);
  routes.set(key, list);
}

/** The operation a request is for. Labels arrive percent-encoded; older clients send trailing slashes. */
export function matchRoute(method: string, path: string, query: URLSearchParams): Match | undefined {
  const parts = path.replace(/\/+$/, '').split('/').slice(1);
  for (const route of routes.get(`${method} ${parts.length} ${parts[0]}`) ?? []) {
    const uri = labelsOf(route.segments, parts);
    if (!uri) continue;
    if (route.needs && query.get(route.needs[0]) !== route.needs[1]) continue;
    return { name: route.name, operation: route.operation, uri };
  }
  return undefined;
}

function labelsOf(segments: string[], parts: string[]): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    if (segment.startsWith('{')) labels[segment.slice(1, -1)] = decode(part);
    else if (segment !== part) return undefined;
  }
  return labels;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
