import { openApiDocument } from './document.js';

/** As it stands in `apps/api/openapi.json` and is served. */
export function documentText(): string {
  return `${JSON.stringify(openApiDocument(), undefined, 2)}\n`;
}
