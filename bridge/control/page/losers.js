// The losers of conflicts: what somebody wrote and what does not stand, and how to have it back.

import { get, mayChange, me, post } from './api.js';
import { byId, el, show, table } from './dom.js';
import { counted, exactly, moment, plain } from './format.js';
import { follow } from './live.js';
import { liveness, name, refused, say, start } from './shell.js';

const LOOKS_MAX = 50;
const LOOK_EVERY_MS = 100;

const WHY = {
  newest: 'a newer edit won', first: 'the earlier edit won', max: 'the greater value won',
  min: 'the smaller value won', central: 'the centre’s value won', site: 'a site’s value won',
  case: 'a person chose another', deleted: 'it was deleted meanwhile',
  updated: 'it was updated meanwhile', stale: 'it built on an older version',
  dependent: 'it built on a rejected edit', discarded: 'a person discarded it',
  invalid: 'it broke a rule on values', exists: 'the record was there already',
};

/** Of each policy: its losers so far, and where they go on. */
let found = [];
let seen = '';
let wanted = '';

function row(policy, one) {
  const fields = Object.entries(one.fields);
  return { key: `${policy}/${one.number}/${one.lost_ms}`, cells: [
    [one.record, el('small', {}, `${policy} ${one.number}`)],
    fields.length === 0 ? '(delete)' : el('dl', { class: 'members' }, fields.map(([field, value]) =>
      [el('dt', {}, field), el('dd', { class: 'value' }, plain(value))])),
    [one.person || one.origin, el('small', {}, el('time', {
      datetime: new Date(one.time_ms).toISOString(), title: exactly(one.time_ms) },
    moment(one.time_ms)))],
    [WHY[one.why] ?? one.why.replaceAll('_', ' '),
      el('small', {}, moment(one.lost_ms), one.to && `, to ${one.to.split('/')[0]}`)],
    mayChange() && el('button', { type: 'button', class: 'small', 'data-act': 'reinstate',
      'data-policy': policy, 'data-number': one.number }, 'Put back',
    el('span', { class: 'unseen' }, ` ${fields.map(([field]) => field).join(', ')} of ${one.record}`))] };
}

function draw() {
  const rows = found.flatMap(({ policy, losers }) => losers
    .filter((one) => one.record.includes(wanted)).toReversed().map((one) => row(policy, one)));
  const forgotten = found.reduce((sum, { forgotten: count }) => sum + count, 0);
  show('losers',
    found.length === 0
      ? el('p', { class: 'none' }, 'This bridge keeps no records: the authority of a policy ',
        el('span', { class: 'mono' }, 'conflict'), ' has this list.')
      : rows.length === 0 ? el('p', { class: 'none' },
        wanted ? 'No record of that name has lost anything.' : '✓ Nothing has lost.')
        : el('div', { class: 'card' }, table('What lost, newest first', ['Record', 'Value', 'Author',
          'Why it lost', { text: 'Do', hidden: true }], rows)),
    forgotten > 0 && el('p', { class: 'hint' },
      `${counted(forgotten, 'older edit')} that lost are forgotten, as the policy’s history says.`),
    found.some(({ next }) => next) && el('button', { type: 'button', 'data-act': 'more' },
      'Look for more'));
}

async function portion(policy, after) {
  const about = after ? { after } : {};
  return get('/v1/policies/ask', { policy, what: 'losers', about: JSON.stringify(about) });
}

async function look(policies) {
  const all = [];
  for (const { name: policy } of policies) {
    const answer = await portion(policy).catch(() => null);
    if (answer?.losers) all.push({ policy, forgotten: 0, ...answer });
  }
  found = all;
  draw();
}

async function more() {
  for (const one of found.filter(({ next }) => next)) {
    const answer = await portion(one.policy, one.next);
    one.losers.push(...answer.losers);
    one.next = answer.next;
  }
  draw();
}

/** What the policy made of it, once it has had its turn; null: it has not yet. */
async function verdict(policy, { direction, number }) {
  for (let looks = 0; looks < LOOKS_MAX; ++looks) {
    const told = await get('/v1/policies/explain', { policy, direction, number });
    if (told.state !== 'waiting') return told.verdict ?? {};
    await new Promise((resolve) => { setTimeout(resolve, LOOK_EVERY_MS); });
  }
  return null;
}

async function reinstate(button) {
  const { policy, number } = button.dataset;
  button.disabled = true;
  try {
    const input = await post('/v1/policies/request', { policy, what: 'reinstate',
      about: JSON.stringify({ number: Number(number), by: me() }) });
    const said = await verdict(policy, input);
    if (said === null) say('Noted. The policy has not come to it yet.');
    else if (said.verdict === 'REFUSED') say(`Not put back: ${plain(said.reason)}.`, 'bad');
    else say(`Put back: record ${said.record} has version ${said.version} now.`);
  } catch (problem) {
    say(`Not put back: ${problem.message}.`, 'bad');
  }
  button.disabled = false;
  seen = '';
}

function changed(status) {
  name(status);
  const now = JSON.stringify([status.policies, status.epoch]);
  if (now === seen) return;
  seen = now;
  look(status.policies).catch(() => { seen = ''; });
}

start(() => {
  byId('page').addEventListener('click', (event) => {
    const button = /** @type {Element} */ (event.target).closest('button[data-act]');
    if (button?.dataset.act === 'reinstate') reinstate(button);
    if (button?.dataset.act === 'more') more();
  });
  byId('record').addEventListener('input', (event) => {
    wanted = event.target.value.trim();
    draw();
  });
  follow({ status: changed, state: liveness, refused });
});
