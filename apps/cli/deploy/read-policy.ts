import type { z } from 'zod';
import { type PolicyFile, policyFile, queuePolicy, targetOnlyMembers, targetOnlyProbes } from '#contracts';
import { usage } from '../failure.js';
import { isDataFile, readDataFile } from './read-data-file.js';

const EXAMPLE = 'Give a file such as {"strategy": "adaptive", "analysis": {"profile": "careful"}}, as JSON or YAML.';

/** What `--policy` and `--when-busy` were given. */
export interface PolicyOptions {
  readonly policy?: string;
  readonly whenBusy?: string;
}

/** A file with everything about how to roll out; `--when-busy` lies over it. */
export async function readPolicy({ policy, whenBusy }: PolicyOptions, cwd: string): Promise<PolicyFile> {
  const word = queuePolicy.safeParse(policy);
  // The three words stood behind --policy before there were files; scripts that say so keep working.
  const file = policy === undefined || word.success ? {} : await readPolicyFile(policy, cwd);
  const busy = queuePolicy.optional().safeParse(whenBusy ?? (word.success ? word.data : undefined));
  if (!busy.success) throw usage(`--when-busy ${whenBusy}: allowed are queue, supersede and refuse.`);
  return { ...file, ...(busy.data === undefined ? {} : { policy: busy.data }) };
}

/** The same for one deployment or forecast: what belongs to the target is refused, and not left out in silence. */
export async function readDeploymentPolicy(options: PolicyOptions, cwd: string): Promise<PolicyFile> {
  const policy = await readPolicy(options, cwd);
  const misplaced = [
    ...targetOnlyMembers.filter((member) => policy[member] !== undefined),
    ...targetOnlyProbes.filter((member) => policy.probes?.[member] !== undefined).map((member) => `probes.${member}`),
  ];
  if (misplaced.length === 0) return policy;
  throw usage(
    `${misplaced.join(' and ')} in ${options.policy}: that belongs to the target, not to one deployment.`,
    `Give it to the target: sluice targets update TARGET --policy ${options.policy}`,
  );
}

async function readPolicyFile(text: string, cwd: string): Promise<PolicyFile> {
  if (!isDataFile(text)) {
    throw usage(`--policy ${text} is neither a file nor one of queue, supersede, refuse.`, EXAMPLE);
  }
  const value = await readDataFile(text, cwd, 'policy file', EXAMPLE);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usage(`The policy file ${text} does not hold an object.`, EXAMPLE);
  }
  const parsed = policyFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.flatMap((issue) => placesOf(issue));
  throw usage(`The policy file ${text} cannot be used:\n  ${places.join('\n  ')}`);
}

const ANALYSIS_MEMBERS: ReadonlySet<string> = new Set(
  Object.keys((policyFile.shape.analysis.unwrap().unwrap() as z.ZodObject).shape),
);

/** Where and what, in the file's own words; a member of the judge that stands too high is told where it belongs. */
function placesOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys') return [`${path || 'the file'}: ${issue.message}`];
  return issue.keys.map((key) => {
    const hint = path === '' && ANALYSIS_MEMBERS.has(key) ? `; it belongs under "analysis"` : '';
    return `${path ? `${path}.` : ''}${key}: there is no such member${hint}`;
  });
}
