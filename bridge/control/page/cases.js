// The cases page: one tap decides. Of two people at once the second is told who was first.

import { get, mayChange, me, post, Problem } from './api.js';
import { caseCard, choiceOf, title } from './case_view.js';
import { byId, el, show } from './dom.js';
import { counted, moment } from './format.js';
import { follow } from './live.js';
import { liveness, name, refused, say, start } from './shell.js';

const SETTLED_AT_ONCE = 20;
const LOOK_AGAIN_MS = 15_000;

/** @type {Map<number, any>} those that waited when last looked */
let waiting = new Map();
let shownSettled = SETTLED_AT_ONCE;
let seen = '';
let lookedMs = 0;
/** The cases that this page has decided itself. */
const own = new Set();

/** Who decided, when and how, in a sentence. */
function decision(one) {
  return `${one.decided_by || 'somebody'} ${choiceOf(one)}, ${moment(one.decided_ms)}`;
}

function draw(cases) {
  const open = cases.filter((one) => one.state === 'open');
  const settled = cases.filter((one) => one.state !== 'open');
  for (const one of settled) {
    if (waiting.has(one.number) && !own.has(one.number) && one.decision) {
      say(`Somebody else has decided case ${one.number} (${title(one)}): ${decision(one)}.`, 'bad');
    }
  }
  waiting = new Map(open.map((one) => [one.number, one]));
  show('open', open.length === 0 ? el('p', { class: 'none' }, '✓ Nothing waits for a person.')
    : el('div', { class: 'cases' },
      !mayChange() && el('p', { class: 'hint', 'data-key': 'hint' },
        'Your token may look; to decide takes one that may change.'),
      open.map(caseCard)));
  show('settled', settled.length === 0 ? el('p', { class: 'none' }, 'None yet.')
    : el('div', { class: 'cases' }, settled.slice(0, shownSettled).map(caseCard),
      settled.length > shownSettled && el('button', { type: 'button', 'data-act': 'more' },
        `Show ${counted(settled.length - shownSettled, 'older case')}`)));
}

async function look() {
  lookedMs = Date.now();
  draw((await get('/v1/cases', { all: 1 })).cases);
}

function valueOf(button) {
  const { data, input } = button.dataset;
  if (!input) return data;
  const text = /** @type {HTMLInputElement} */ (byId(input)).value;
  let value = text;
  try {
    value = JSON.parse(text);
  } catch {
    // A text as it is.
  }
  return JSON.stringify({ value });
}

async function resolve(button) {
  const number = Number(button.dataset.number);
  own.add(number);
  for (const each of document.querySelectorAll(`#case-${number} button`)) {
    /** @type {HTMLButtonElement} */ (each).disabled = true;
  }
  try {
    await post('/v1/cases/resolve',
      { number, choose: button.dataset.choose, data: valueOf(button), by: me() });
    say(`You have decided case ${number}.`);
  } catch (problem) {
    own.delete(number);
    const one = await get('/v1/cases/show', { number }).catch(() => null);
    say(one && one.state !== 'open' && one.decision
      ? `Somebody else has decided case ${number} (${title(one)}): ${decision(one)}.`
      : `Not decided: ${problem instanceof Problem ? problem.message : problem}.`, 'bad');
    waiting.delete(number);
    for (const each of document.querySelectorAll(`#case-${number} button`)) {
      /** @type {HTMLButtonElement} */ (each).disabled = false;
    }
  }
  await look().catch(() => {});
  byId('main').focus({ preventScroll: true });
}

function acts(event) {
  const button = event.target.closest('button[data-act]');
  if (!button) return;
  if (button.dataset.act === 'resolve') resolve(button);
  if (button.dataset.act === 'more') {
    shownSettled += 10 * SETTLED_AT_ONCE;
    look();
  }
}

function changed(status) {
  name(status);
  const now = JSON.stringify([status.cases, status.policies, status.epoch]);
  if (now === seen && Date.now() - lookedMs < LOOK_AGAIN_MS) return;
  seen = now;
  look().catch((problem) => liveness('away', problem.message));
}

start(() => {
  byId('page').addEventListener('click', acts);
  follow({ status: changed, state: liveness, refused });
});
