import type { GuardCode } from '#rollout';

export interface ErrorEntry {
  readonly status: number;
  /** What happened, in general; the answer's `detail` says it of this request. */
  readonly sentence: string;
  /** What the caller can do about it. */
  readonly remedy: string;
}

/** Every "no" that a guard of the rollout library can say; all are conflicts with the deployment's present state. */
const guardErrors: Readonly<Record<GuardCode, ErrorEntry>> = {
  deployment_ended: {
    status: 409,
    sentence: 'The deployment has ended.',
    remedy: 'Nothing can be asked of it any more. To go back to an earlier version: sluice rollback <target>.',
  },
  not_queued: {
    status: 409,
    sentence: 'Only a deployment that still waits in the queue can be cancelled.',
    remedy: 'Abort it instead: that stops it and puts the rollback point back.',
  },
  not_pausable: {
    status: 409,
    sentence: 'The deployment cannot be paused in its present phase.',
    remedy:
      'It can be paused while shifting, baking or waiting at a gate; before that, and at any time, it can be aborted.',
  },
  not_paused: {
    status: 409,
    sentence: 'The deployment is not paused.',
    remedy: 'There is nothing to resume; see its phase with sluice status <id>.',
  },
  not_promotable: {
    status: 409,
    sentence: 'The deployment cannot be promoted in its present phase.',
    remedy: 'Promote it while it bakes, waits at a gate or is paused.',
  },
  canary_failing: {
    status: 409,
    sentence: 'The canary is failing by the judge’s last verdict, so it is not promoted.',
    remedy: 'Abort it. If you know better than the evidence, deploy again with another analysis policy.',
  },
  nothing_to_approve: {
    status: 409,
    sentence: 'The deployment does not wait for an approval.',
    remedy: 'Approve it once it waits at an approval gate; see allowedActions.',
  },
  not_held: {
    status: 409,
    sentence: 'Only a deployment that drifted or needs a person can be resolved this way.',
    remedy: 'See allowedActions for what can be done now; to stop it, abort it.',
  },
  write_may_land: {
    status: 409,
    sentence: 'A write that was never answered may still move the alias, so the deployment is not let go yet.',
    remedy:
      'Put the rollback point back (restore) or another version (a deployment with restoreTo): either takes that write away too. Or ask again at the time named.',
  },
  sequence_stale: {
    status: 409,
    sentence: 'The deployment has changed since you looked at it.',
    remedy: 'Read it again, decide again, and send the sequence you then see.',
  },
};

const requestErrors = {
  request_invalid: {
    status: 400,
    sentence: 'The request does not have the form this route expects.',
    remedy: 'Each entry of errors names the place and what is allowed there.',
  },
  unauthorized: {
    status: 401,
    sentence: 'The request carries no usable API key.',
    remedy: 'Send the header "Authorization: Bearer <key>" with a key that is neither expired nor revoked.',
  },
  forbidden: {
    status: 403,
    sentence: 'The API key is not allowed to do this.',
    remedy: 'Use a key that has the scope named in detail.',
  },
  not_found: {
    status: 404,
    sentence: 'There is nothing here under that name or id.',
    remedy: 'Check the path and the id; what belongs to another project is not found either.',
  },
  deployment_pruned: {
    status: 410,
    sentence: 'The history of this deployment was pruned by the retention policy.',
    remedy: 'Its versions can still be rolled back to; how long histories are kept is set with SLUICE_RETENTION_DAYS.',
  },
  request_timeout: {
    status: 408,
    sentence: 'The request took too long to arrive.',
    remedy: 'Send it again over a faster connection.',
  },
  not_acceptable: {
    status: 406,
    sentence: 'The route cannot answer in the form that was asked for.',
    remedy: 'Ask for application/json, or for text/event-stream where the route offers a stream.',
  },
  body_too_large: {
    status: 413,
    sentence: 'The request’s body is larger than this route reads.',
    remedy: 'Send less; code is uploaded as an artifact and then named by its id.',
  },
  unsupported_media_type: {
    status: 415,
    sentence: 'The body’s content type is not one this route reads.',
    remedy: 'Send application/json, or application/zip to POST /v1/artifacts.',
  },
  rate_limited: {
    status: 429,
    sentence: 'Too many requests or open streams at once with this key.',
    remedy: 'Wait for as long as the Retry-After header says.',
  },
  internal: {
    status: 500,
    sentence: 'Something broke inside Sluice.',
    remedy: 'Try again; if it stays, give the requestId to whoever runs Sluice: the log has the cause under it.',
  },
  not_judged: {
    status: 409,
    sentence: 'There was nothing to judge in this deployment.',
    remedy: 'A restore is one write; ask about the rollout it took back instead.',
  },
  no_worker: {
    status: 503,
    sentence: 'No worker could answer the question.',
    remedy: 'Is a worker running, and does it reach AWS? Its log has the cause; ask again then.',
  },
  deployment_unreadable: {
    status: 500,
    sentence: 'The deployment is stored in a form that this release of Sluice cannot read.',
    remedy:
      'Start the release that wrote it, or a newer one: it goes on by itself. If that must not wait, the deployment’s restoreCommand puts the old version back without Sluice.',
  },
  unavailable: {
    status: 503,
    sentence: 'Sluice cannot reach its database.',
    remedy: 'Try again shortly; running rollouts are stored and go on once the database is back.',
  },
} as const satisfies Record<string, ErrorEntry>;

const deploymentErrors = {
  strategy_invalid: {
    status: 422,
    sentence: 'The strategy cannot be made into a plan.',
    remedy: 'The entry of errors names the place and what is allowed there.',
  },
  artifact_unknown: {
    status: 422,
    sentence: 'The artifact named does not exist.',
    remedy: 'Upload it to POST /v1/artifacts and name the id or digest it answers with.',
  },
  target_unknown: {
    status: 404,
    sentence: 'There is no target of that name or id.',
    remedy: 'List the targets with sluice targets, or create one with POST /v1/targets.',
  },
  probes_not_safe: {
    status: 409,
    sentence: 'The target is not marked safe to probe.',
    remedy:
      'If invoking it twice or for nothing does no harm, an admin says so: sluice targets update <target> --probes-safe.',
  },
  probes_not_recorded: {
    status: 409,
    sentence: 'Nobody has allowed payloads to be read from this function’s log.',
    remedy:
      'If what the function marks there may be sent to it again, an admin says so: sluice targets update <target> --probes-safe --probes-from-log; or give the payloads: --probes FILE.',
  },
  target_busy: {
    status: 409,
    sentence: 'The target is busy with another deployment.',
    remedy: 'Wait for it, abort it, or deploy with policy "queue" or "supersede".',
  },
  idempotency_conflict: {
    status: 409,
    sentence: 'The Idempotency-Key was used before with another request.',
    remedy: 'Use a new key for a new request; the same key only repeats the same request.',
  },
  no_rollback_point: {
    status: 409,
    sentence: 'There is no earlier version to go back to.',
    remedy: 'Name one with toVersion; sluice history <target> lists what there is.',
  },
  version_not_in_history: {
    status: 409,
    sentence: 'That version is not a rollback point of this target.',
    remedy: 'Choose one of GET /v1/targets/<target>/rollback-points; another version is deployed, not rolled back to.',
  },
  deployment_not_of_target: {
    status: 409,
    sentence: 'That deployment does not belong to this target, or brought no version to go back to.',
    remedy: 'Choose a deployment from the target’s own history: sluice history <target>.',
  },
} as const satisfies Record<string, ErrorEntry>;

const targetErrors = {
  target_exists: {
    status: 409,
    sentence: 'A target with this name, or for this function and alias, exists already.',
    remedy: 'Use the existing target, or choose another name.',
  },
  target_in_use: {
    status: 409,
    sentence: 'The target has deployments in its history and cannot be deleted.',
    remedy: 'Keep it: its history and its rollback points hang on it.',
  },
} as const satisfies Record<string, ErrorEntry>;

const zipRemedy = 'Zip the folder again with an ordinary tool, or let sluice deploy --dir do it.';

const artifactErrors = {
  artifact_too_large: {
    status: 413,
    sentence: 'The artifact is larger than Sluice accepts.',
    remedy: 'Make it smaller, or put it into S3 and name bucket, key and version id.',
  },
  artifact_digest_mismatch: {
    status: 422,
    sentence: 'The bytes that arrived do not have the digest that was announced.',
    remedy: 'Upload again; if it happens again, something between you and Sluice changes the bytes.',
  },
  artifact_empty: { status: 422, sentence: 'The upload carried no bytes.', remedy: 'Send the zip file as the body.' },
  artifact_upload_interrupted: {
    status: 400,
    sentence: 'The upload broke off before its end.',
    remedy: 'Upload it again; nothing of the broken one is kept.',
  },
  zip_unreadable: { status: 422, sentence: 'The upload is not a complete zip file.', remedy: zipRemedy },
  zip_no_entries: {
    status: 422,
    sentence: 'The zip file holds no files.',
    remedy: 'Zip the folder that holds the handler.',
  },
  zip_too_many_entries: {
    status: 422,
    sentence: 'The zip file has too many entries.',
    remedy: 'Bundle the code, or use a container image.',
  },
  zip_too_large_unpacked: {
    status: 422,
    sentence: 'Unpacked, the zip file is larger than Lambda allows (250 MB).',
    remedy: 'Leave out what the function does not need, or use a container image.',
  },
  zip_ratio: {
    status: 422,
    sentence: 'An entry of the zip file is compressed more than real code ever is.',
    remedy: 'Leave out files that are mostly padding; this looks like a zip bomb.',
  },
  zip_symlink: {
    status: 422,
    sentence: 'The zip file contains a symbolic link or another special file.',
    remedy: 'Zip the files themselves instead of links to them.',
  },
  zip_path: {
    status: 422,
    sentence: 'An entry’s path is absolute or leads outside, or has a backslash or a NUL in it.',
    remedy: zipRemedy,
  },
  zip_duplicate: { status: 422, sentence: 'The zip file contains the same path twice.', remedy: zipRemedy },
  zip_overlap: { status: 422, sentence: 'Entries of the zip file overlap each other.', remedy: zipRemedy },
  zip_headers_differ: {
    status: 422,
    sentence: 'The zip file says different things about an entry in its directory and before the entry.',
    remedy: zipRemedy,
  },
  zip_method: {
    status: 422,
    sentence: 'An entry is encrypted, or compressed in a way that Lambda does not read.',
    remedy: 'Zip without a password, with ordinary (deflate) compression.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** Every error the API can answer with. The code is the promise; sentences may be reworded. */
export const errorCatalogue = {
  ...requestErrors,
  ...deploymentErrors,
  ...guardErrors,
  ...targetErrors,
  ...artifactErrors,
};

export type ErrorCode = keyof typeof errorCatalogue;
export const errorCodes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];

export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorCatalogue[code];
}

/** Where a code is explained; the `type` of the problem details. */
export function errorType(code: ErrorCode): string {
  return `https://github.com/sluice-deploy/sluice/blob/main/docs/errors.md#${code}`;
}
