import {
  type ErrorCode,
  errorCodes,
  errorEntry,
  type Route as RouteDefinition,
  reasonRemedies,
  routes,
} from '#contracts';

/** `docs/errors.md`: every code the API can answer with, and every reason a deployment can end with. */
export function errorsDocument(): string {
  return [
    '# Error codes',
    '',
    'Every refusal is `application/problem+json` (RFC 9457) with a stable `code`, a `detail` about this request, a',
    '`remedy`, and a `requestId` under which the log names the cause. The code is the promise; sentences may be reworded.',
    'This page is generated from the catalogue in `libs/contracts/error-codes.ts`.',
    '',
    ...errorCodes.flatMap(section),
    '# Why deployments stop',
    '',
    'A deployment that did not end as it was asked to has a `reason` with one of these codes.',
    '',
    '| Code | What to do |',
    '|---|---|',
    ...Object.entries(reasonRemedies).map(
      ([code, remedy]) => `| \`${code}\` | ${remedy ?? 'Nothing: it was wanted so.'} |`,
    ),
    '',
  ].join('\n');
}

function section(code: ErrorCode): string[] {
  const { status, sentence, remedy } = errorEntry(code);
  const where = Object.values<RouteDefinition>(routes)
    .filter((route) => route.errors.includes(code))
    .map((route) => `\`${route.method} ${route.path}\``);
  return [
    `## ${code}`,
    '',
    `**${status}.** ${sentence}`,
    '',
    `What to do: ${remedy}`,
    '',
    ...(where.length > 0 ? [`From: ${where.join(', ')}.`, ''] : []),
  ];
}
