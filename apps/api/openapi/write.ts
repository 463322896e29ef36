import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { documentText } from './document-text.js';

/** Writes `apps/api/openapi.json` anew: `npm run build && node dist/apps/api/openapi/write.js`. */
const here = import.meta.url;
const up = here.includes('/dist/apps/') ? '../../../../apps/api/openapi.json' : '../openapi.json';
writeFileSync(fileURLToPath(new URL(up, here)), documentText());
