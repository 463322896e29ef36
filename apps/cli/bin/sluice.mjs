#!/usr/bin/env node
/** The command `sluice`. Plain JavaScript, because it has to answer before anything has been built. */
import { existsSync } from 'node:fs';

const main = new URL('../../../dist/apps/cli/main.js', import.meta.url);

if (existsSync(main)) {
  process.setSourceMapsEnabled(true);
  await import(main.href);
} else {
  console.error(
    'sluice: this clone has not been built yet.\n  Run "npm start" once: it installs, builds and starts Sluice.',
  );
  process.exitCode = 1;
}
