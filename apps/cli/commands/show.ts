import type { DeploymentView } from '#contracts';
import type { Session } from '../connection/session.js';
import { printJson, printLines } from '../context.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { liveLines } from '../render/deployment.js';
import { nextCommands } from '../render/next-commands.js';
import { watchToEnd } from '../watch/watch-to-end.js';

/** After a deployment was asked for or acted on: show it, or stay and watch how it ends. */
export async function showOrWatch(
  session: Session,
  deployment: DeploymentView,
  watch: boolean | undefined,
): Promise<ExitCode> {
  if (watch) return watchToEnd(session, deployment, { after: deployment.sequence });
  if (session.json) {
    printJson(session.screen, deployment);
  } else {
    const { style } = session;
    printLines(session.screen, [...liveLines(style, deployment, 0), ...nextCommands(style, deployment)]);
  }
  return exitCodes.ok;
}
