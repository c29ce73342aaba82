// The dashboard: one bridge at a glance, live.

import { mayChange, me, post } from './api.js';
import { findings } from './attention.js';
import { configuration, startConfiguration } from './configuration.js';
import { decisions } from './decisions.js';
import { byId, el, show } from './dom.js';
import { history, remember, startHistory } from './history.js';
import { follow } from './live.js';
import { quarantine, startQuarantine } from './quarantine.js';
import { drawJournal, lanes, links, pauseTime, policies, startPauses } from './sections.js';
import { liveness, name, refused, say, start } from './shell.js';

function attention(status) {
  const found = findings(status);
  const signs = { bad: '✕ Act now', warn: '▲ Look at it', calm: '● Known' };
  show('attention-list', el('ul', {}, found.length === 0
    ? el('li', { class: 'good' }, el('span', { class: 'sign' }, '✓'), 'Nothing. All is well.')
    : found.map(({ tone, text, more, href, acknowledge }) => el('li', { class: tone, 'data-key': text },
      el('span', { class: 'sign' }, signs[tone]),
      href ? el('a', { href }, text) : el('strong', {}, text), more && el('span', {}, more),
      acknowledge && mayChange() && el('button', { type: 'button', class: 'small',
        'data-act': 'acknowledge', 'data-link': acknowledge }, 'It is mended',
      el('span', { class: 'unseen' }, ` at ${acknowledge}`))))));
}

const TICK_MS = 1000;

/** The newest status; null: none has come yet. */
let last = null;
let live = false;

function draw(status) {
  name(status);
  attention(status);
  links(status);
  lanes(status);
  history();
  quarantine(status);
  policies(status);
  decisions(status);
  drawJournal(status);
  configuration(status);
}

const DONE = { pause: 'is paused', resume: 'goes on', acknowledge: 'has nothing to tell any more' };

/** Pauses a link or a lane, lets it go on, or ends a warning of it. */
async function act(event) {
  const button = event.target.closest(Object.keys(DONE).map((what) =>
    `button[data-act="${what}"]`).join());
  if (!button) return;
  const { act: what, link, lane, direction } = button.dataset;
  button.disabled = true;
  try {
    await post(`/v1/${what}`, { link, lane, direction, by: me(),
      for: what === 'pause' ? pauseTime() : undefined });
    const place = link ? `Link ${link}` : `Lane ${lane} ${direction}`;
    say(`${place} ${DONE[what]}.`);
  } catch (problem) {
    say(`Not done: ${problem.message}.`, 'bad');
  }
  button.disabled = false;
}

start(() => {
  byId('page').addEventListener('click', act);
  startHistory();
  startPauses();
  startQuarantine();
  startConfiguration();
  // A status comes when it has changed; what it says of spans goes on all the same.
  setInterval(() => {
    remember(live ? last : null);
    if (live && last) draw(last);
  }, TICK_MS);
  follow({
    status: (status) => {
      if (!last) remember(status);
      last = status;
      draw(status);
    },
    state: (state, why) => {
      live = state === 'live';
      liveness(state, why);
    },
    refused });
});
