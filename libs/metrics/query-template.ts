/** The names a query may hold between `{{` and `}}`. They are replaced and nothing else: there is no expression in it. */
const PLACEHOLDERS = [
  'function',
  'alias',
  'version',
  'region',
  'account',
  'window',
  'windowSeconds',
  'thresholdMs',
  'thresholdSeconds',
  'quantile',
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** What Lambda allows in names, plus `$LATEST`, a decimal point and a unit: nothing that could end a quoted string. */
const VALUE = /^[A-Za-z0-9_.$-]{1,128}$/;

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

/** What a target's settings ask of a metrics store, version by version. */
export interface QueryTemplates {
  /** Invocations of one version in one window, a number of its own per window. */
  readonly invocations: string;
  /** Those of them that failed. It must answer zero, not nothing, when none did. */
  readonly errors: string;
  readonly durations?:
    | {
        /** Warm invocations whose duration is known. */
        readonly count: string;
        /** How many of them took longer than the threshold. */
        readonly above: string;
        /** The `{{quantile}}` (0.5, 0.9, 0.99) of the durations, in milliseconds. */
        readonly quantileMs: string;
      }
    | undefined;
}

/** Throws when a value is not a plain name: an API would not have let it in, so something is wrong before this point. */
export function fillTemplate(template: string, values: Readonly<Partial<Record<Placeholder, string>>>): string {
  return template.replace(PLACEHOLDER, (_all, name: string) => {
    const value = isPlaceholder(name) ? values[name] : undefined;
    if (value === undefined || !VALUE.test(value))
      throw new Error(`No plain value for {{${name}}} in a metrics query.`);
    return value;
  });
}
