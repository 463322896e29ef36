import { every } from './clock.js';

const KEY = 'sluice-key';
const LOOK_EVERY_MS = 1500;
const form = document.querySelector('#ask');
const input = document.querySelector('#key');
const state = document.querySelector('#state');
const list = document.querySelector('#rollouts');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, input.value.trim());
  input.value = '';
  void look();
});

/** Texts are set as texts, never as markup: names and messages come from other people. */
function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

async function look() {
  const key = sessionStorage.getItem(KEY);
  form.hidden = key !== null;
  if (key === null || document.hidden) return;
  try {
    const answer = await fetch('/v1/deployments?limit=20', { headers: { authorization: `Bearer ${key}` } });
    const body = await answer.json();
    if (answer.status === 401 || answer.status === 403) forget(body.detail);
    else if (!answer.ok) state.textContent = body.detail;
    else show(body.items);
  } catch {
    state.textContent = 'Sluice does not answer; trying again.';
  }
}

function forget(why) {
  sessionStorage.removeItem(KEY);
  form.hidden = false;
  state.textContent = why;
  list.replaceChildren();
}

function show(deployments) {
  state.textContent =
    deployments.length === 0 ? 'No deployment yet. Try: npx sluice deploy checkout --dir examples/checkout/v2' : '';
  list.replaceChildren(...deployments.map(card));
}

function card(deployment) {
  const node = element('article', deployment.ended ? 'ended' : 'running');
  const title = element('h2');
  title.append(
    element('span', 'name', deployment.target.name),
    element('span', `phase ${deployment.phase}`, deployment.phase.replace('_', ' ')),
  );
  node.append(title, element('p', 'headline', deployment.headline), traffic(deployment));
  if (!deployment.ended && deployment.restoreCommand)
    node.append(element('code', 'command', deployment.restoreCommand));
  node.append(element('p', 'quiet', quiet(deployment)));
  return node;
}

function traffic({ weightPercent, canaryVersion }) {
  const bar = document.createElement('meter');
  bar.max = 100;
  bar.value = weightPercent;
  bar.hidden = canaryVersion === null;
  bar.setAttribute('aria-label', `${weightPercent} percent on version ${canaryVersion}`);
  return bar;
}

function quiet({ id, strategy, requestedBy, createdAt, message }) {
  const when = new Date(createdAt).toLocaleString();
  return [`${strategy}, asked by ${requestedBy}, ${when}`, message, id].filter(Boolean).join(' · ');
}

every(LOOK_EVERY_MS, look);
