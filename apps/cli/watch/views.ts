import type { DeploymentView, WatchMessage } from '#contracts';
import type { Session } from '../connection/session.js';
import { note, printLines } from '../context.js';
import { liveLines, statusLines, stepWords } from '../render/deployment.js';
import { evidenceWords } from '../render/evidence.js';
import { nextCommands } from '../render/next-commands.js';
import { fold, ink } from '../render/style.js';
import { timeOfDay } from '../render/words.js';
import { eventLines, isWorthShowing } from './event-line.js';
import { LiveBlock } from './live-block.js';

/** One way of showing what is watched. */
export interface WatchView {
  begin(deployment: DeploymentView): void;
  show(message: WatchMessage, latest: DeploymentView): void;
  /** A second has passed: time left has changed. */
  tick(): void;
  /** The connection broke; the watch tries again. */
  lost(attempt: number): void;
  /** The watch is over, for whatever reason. */
  leave(): void;
  finish(latest: DeploymentView): void;
}

export function createView(session: Session): WatchView {
  if (session.json) return jsonView(session);
  return session.screen.redraws ? liveView(session) : lineView(session);
}

/** One JSON document per line, as they come; the last one has kind "end" or a deployment that waits for a person. */
function jsonView({ screen }: Session): WatchView {
  return {
    begin: () => undefined,
    show: (message) => screen.out(`${JSON.stringify(message)}\n`),
    tick: () => undefined,
    lost: () => undefined,
    leave: () => undefined,
    finish: () => undefined,
  };
}

/** For pipes, files and CI logs: a line for whatever happens, nothing ever taken back. */
function lineView({ screen }: Session): WatchView {
  const { style } = screen;
  let evidence: string | undefined;
  let isLost = false;
  return {
    begin: (deployment) =>
      printLines(screen, [`Watching ${deployment.target.name}, deployment ${deployment.id} (times in UTC)`]),
    show(message, latest) {
      if (isLost) note(screen, 'Connected again.');
      isLost = false;
      if (message.kind === 'change' && isWorthShowing(message.event))
        printLines(screen, eventLines(style, message.event));
      const words = message.kind === 'evidence' && latest.evidence && evidenceWords(latest.evidence.numbers);
      if (!words || words === evidence) return;
      evidence = words;
      const step = stepWords(latest, 0);
      printLines(screen, [`${timeOfDay(latest.readAt)}  ${words}${step ? ` (step ${fold(style, step)})` : ''}`]);
    },
    tick: () => undefined,
    lost() {
      if (!isLost) note(screen, 'The connection to Sluice is lost; trying again. The deployment goes on.');
      isLost = true;
    },
    leave: () => undefined,
    finish: (latest) => printLines(screen, ['', ...finalLines(screen.style, latest)]),
  };
}

/** For people at a terminal: what happened scrolls by, what holds now stays at the bottom. */
function liveView({ screen, context }: Session): WatchView {
  const block = new LiveBlock(screen);
  const { style } = screen;
  let latest: DeploymentView | undefined;
  let receivedAt = 0;
  let lostAttempt = 0;
  const receive = (deployment: DeploymentView) => {
    if (latest?.readAt !== deployment.readAt) receivedAt = context.clock.now();
    latest = deployment;
  };
  const draw = () => {
    if (!latest) return;
    const warning = `The connection to Sluice is lost; attempt ${lostAttempt} to get it back. The deployment goes on.`;
    block.draw([
      '',
      ...liveLines(style, latest, context.clock.now() - receivedAt),
      ...(lostAttempt > 0 ? [`  ${ink(style, 'yellow', warning)}`] : []),
      ink(style, 'dim', '  Ctrl-C stops watching; the deployment goes on.'),
    ]);
  };
  return {
    begin(deployment) {
      receive(deployment);
      draw();
    },
    show(message, deployment) {
      lostAttempt = 0;
      if (message.kind === 'change' && isWorthShowing(message.event))
        block.printAbove(eventLines(style, message.event));
      receive(deployment);
      draw();
    },
    tick: draw,
    lost(attempt) {
      lostAttempt = attempt;
      draw();
    },
    leave: () => block.erase(),
    finish: (deployment) => printLines(screen, ['', ...finalLines(style, deployment)]),
  };
}

/** How it ended. When a person is needed everything is shown, because they will need it. */
function finalLines(style: Session['style'], deployment: DeploymentView): string[] {
  if (!deployment.ended) return statusLines(style, deployment);
  return [...liveLines(style, deployment, 0), ...nextCommands(style, deployment)];
}
