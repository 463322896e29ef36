import { writeFileSync } from 'node:fs';
import { documentText } from './document-text.js';
import { errorsDocument } from './errors-document.js';

/** Writes the generated documents anew, from the root: `npm run build && node dist/apps/api/openapi/write.js`. */
writeFileSync('apps/api/openapi.json', documentText());
writeFileSync('docs/errors.md', errorsDocument());
