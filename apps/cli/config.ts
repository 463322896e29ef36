/** What the environment tells the command. Empty values count as not set. */
export interface Environment {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
  /** Where a local Sluice keeps its state; relative to the working folder. */
  readonly dataDir: string | undefined;
  /** https://no-color.org: any value switches colours and redrawing off. */
  readonly noColor: boolean;
  /** A terminal that can neither colour nor move its cursor. */
  readonly dumbTerminal: boolean;
  /** Whether the locale can show characters beyond ASCII. */
  readonly unicode: boolean;
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const text = (name: string) => env[name]?.trim() || undefined;
  return {
    url: text('SLUICE_URL'),
    apiKey: text('SLUICE_API_KEY'),
    dataDir: text('SLUICE_DATA_DIR'),
    noColor: text('NO_COLOR') !== undefined,
    dumbTerminal: env['TERM'] === 'dumb',
    unicode: /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '') || env['WT_SESSION'] !== undefined,
  };
}
