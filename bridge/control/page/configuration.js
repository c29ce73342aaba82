// What the bridge runs with, and how its file differs from that.

import { mayChange, post } from './api.js';
import { byId, el, show, table } from './dom.js';
import { moment } from './format.js';
import { say } from './shell.js';
import { stateOf } from './sections.js';

const AGAIN_MS = 600_000;  // it reads the whole file
const TONES = { subscribed: 'good', refused: 'bad', unanswered: 'bad' };

let compared = null;
let why = '';

function difference() {
  if (!mayChange()) {
    return el('p', { class: 'hint' }, 'To compare with the file takes a token that may change.');
  }
  if (!compared) return el('p', { class: 'hint' }, why || 'It is being compared with the file…');
  const wrong = [...compared.problems, compared.refused].filter(Boolean);
  const same = compared.changes.length === 0 && wrong.length === 0;
  return el('div', { class: 'stack' },
    el('p', {}, same ? '✓ The bridge runs with what its file says.'
      : compared.changes.length > 0 ? 'The file says something else than the bridge runs with:'
        : 'The file cannot be used:'),
    compared.changes.length > 0 && el('ul', { class: 'mono' },
      compared.changes.map((change) => el('li', {}, change))),
    wrong.length > 0 && el('ul', { class: 'error' }, wrong.map((one) => el('li', {}, one))),
    el('div', { class: 'actions' },
      el('button', { type: 'button', class: 'small', 'data-act': 'compare' }, 'Compare again'),
      !same && wrong.length === 0 && el('button', { type: 'button', class: 'small main',
        'data-act': 'reload' }, 'Take the file over')),
    el('p', { class: 'hint' }, `Compared ${moment(compared.ms)}.`));
}

/** @type {any} */
let last = null;

function draw() {
  if (!last) return;
  show('file', difference(), table('Routes', ['Route', 'Direction', 'Takes', 'State'],
    last.routes.map((route) => ({ key: `${route.direction}/${route.name}`, cells: [
      route.name, route.direction === 'up' ? '↑ up' : '↓ down',
      el('span', { class: 'mono' }, route.filter),
      [stateOf(route.state, TONES[route.state]), route.why && el('small', {}, route.why)]] }))));
}

async function compare() {
  if (!mayChange()) return;
  try {
    compared = { ...await post('/v1/reload', { dry_run: 1 }), ms: Date.now() };
  } catch (problem) {
    compared = null;
    why = `It cannot be compared with the file: ${problem.message}.`;
  }
  draw();
}

async function act(event) {
  const what = event.target.closest('button[data-act]')?.dataset.act;
  if (what === 'reload') {
    try {
      const said = await post('/v1/reload');
      say(said.applied ? 'The file is taken over.'
        : `Not taken over: ${[...said.problems, said.refused].filter(Boolean)[0] ?? 'nothing is new'}.`,
      said.applied ? 'good' : 'bad');
    } catch (problem) {
      say(`Not taken over: ${problem.message}.`, 'bad');
    }
  }
  if (what) await compare();
}

/** A status has come. */
export function configuration(status) {
  last = status;
  draw();
}

export function startConfiguration() {
  byId('file').addEventListener('click', act);
  compare();
  setInterval(compare, AGAIN_MS);
}
