/** `npm run emulator -- --port 4566 --data DIR`: the emulator alone, from a clone that may not have been built yet. */
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { root } from './steps.mjs';

prepare({ withBuild: true });
process.setSourceMapsEnabled(true);
await import(new URL('dist/apps/emulator/main.js', `${pathToFileURL(root).href}/`).href);
