// Why the policies decided as they did lately.

import { get } from './api.js';
import { el, show, table } from './dom.js';
import { exactly, moment, plain } from './format.js';

const OF_EACH = 5;
const LANE = 'policy/';

let seen = '';

/** "MERGE" and why; all of what else it says, for who wants it. */
function verdict(one) {
  const { verdict: word, reason, ...rest } = one.verdict ?? {};
  const left = Object.entries(rest);
  return [el('strong', {}, plain(word ?? one.state)), reason && `, ${plain(reason)}`,
    left.length > 0 && el('details', {}, el('summary', {}, 'All of it'),
      el('dl', { class: 'members' }, left.map(([name, value]) =>
        [el('dt', {}, name.replaceAll('_', ' ')), el('dd', { class: 'mono' }, plain(value))])))];
}

async function look() {
  const { lanes } = await get('/v1/lanes');
  const inputs = lanes.filter((lane) => lane.name.startsWith(LANE) && lane.cursor > 0);
  const asked = inputs.flatMap((lane) => Array.from(
    { length: Math.min(OF_EACH, lane.cursor - lane.first_sequence + 1) }, (_, place) =>
      get('/v1/policies/explain', { policy: lane.name.slice(LANE.length),
        direction: lane.direction, number: lane.cursor - place }).catch(() => null)));
  const found = (await Promise.all(asked)).filter((one) => one && (one.verdict || one.kind === 'message'))
    .sort((one, other) => other.journaled_ms - one.journaled_ms);
  show('decisions', found.length === 0 ? el('p', { class: 'none' }, 'Nothing has been decided yet.')
    : table('The last decisions', ['Input', 'Verdict', 'When', 'Topic'], found.map((one) => ({
      key: `${one.policy}/${one.direction}/${one.number}`, cells: [
        [`${one.policy} ${one.direction} ${one.number}`, el('small', {}, one.kind)],
        verdict(one),
        el('time', { datetime: new Date(one.journaled_ms).toISOString(),
          title: exactly(one.journaled_ms) }, moment(one.journaled_ms)),
        el('span', { class: 'mono' }, one.topic)] }))),
  found.length > 0 && el('p', { class: 'hint' }, `The last ${OF_EACH} of each policy and direction; ` +
    'bascule policy explain has each.'));
}

/** A status has come. */
export function decisions(status) {
  if (status.policies.length === 0) return;
  const now = JSON.stringify([status.policies, status.epoch]);
  if (now === seen) return;
  seen = now;
  look().catch(() => { seen = ''; });
}
