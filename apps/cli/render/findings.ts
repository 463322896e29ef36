import { fold, ink, type Style, wrap } from './style.js';

/** One thing that was looked at. */
export interface Finding {
  readonly ok: boolean;
  /** A stable code for scripts. */
  readonly code: string;
  readonly sentence: string;
  readonly remedy?: string;
}

export function findingLines(style: Style, findings: readonly Finding[]): string[] {
  const lines = findings.flatMap((finding) => {
    const mark = finding.ok ? ink(style, 'green', 'ok ') : ink(style, 'red', 'BAD');
    const [first = '', ...rest] = wrap(fold(style, finding.sentence), style.columns && style.columns - 5);
    const remedy = finding.remedy ? wrap(fold(style, finding.remedy), style.columns && style.columns - 7) : [];
    return [`${mark}  ${first}`, ...rest.map((line) => `     ${line}`), ...remedy.map((line) => `       ${line}`)];
  });
  const bad = findings.filter(({ ok }) => !ok).length;
  const sum = bad === 0 ? 'Everything looks good.' : `${bad} of ${findings.length} checks need attention.`;
  return [...lines, '', sum];
}
