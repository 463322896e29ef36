/** `npm start`: makes the clone ready, then runs everything in this process, so that a signal reaches it and nobody else. */
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { root } from './steps.mjs';

prepare({ withBuild: true });
process.setSourceMapsEnabled(true);
await import(new URL('dist/apps/standalone/main.js', `${pathToFileURL(root).href}/`).href);
