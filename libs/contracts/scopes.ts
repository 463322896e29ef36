/** What an API key may do. */
export const scopes = ['read', 'deploy', 'approve', 'alarm', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Whoever may change something may see it; `admin` may everything. Approving is apart from deploying on purpose. */
const implied: Readonly<Record<Scope, readonly Scope[]>> = {
  read: ['read'],
  deploy: ['deploy', 'alarm', 'read'],
  approve: ['approve', 'read'],
  /** For a sender of alarms outside: it may report them and see nothing. */
  alarm: ['alarm'],
  admin: ['admin', 'approve', 'deploy', 'alarm', 'read'],
};

export function hasScope(granted: readonly string[], needed: Scope): boolean {
  return granted.some((scope) => Object.hasOwn(implied, scope) && implied[scope as Scope].includes(needed));
}
