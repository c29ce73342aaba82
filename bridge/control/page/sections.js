// Parts of the dashboard that show a status as it is.

import { drainedIn } from './attention.js';
import { mayChange } from './api.js';
import { byId, el, show, table } from './dom.js';
import { count, counted, moment, rate, size, span, toMs } from './format.js';
import { outages } from './history.js';

const RATE_NEEDS_S = 600;
const YEAR_S = 365.25 * 86_400;

const SIGNS = { up: '✓', online: '✓', subscribed: '✓', down: '✕', offline: '✕', refused: '✕',
  unanswered: '✕', slow: '▲', paused: '❙❙' };
const TONES = { up: 'good', down: 'bad', slow: 'warn', paused: 'calm' };

/** A state with its sign. @param {string} state @param {string} [tone] */
export function stateOf(state, tone = TONES[state] ?? 'calm') {
  return el('span', { class: `state ${tone}` },
    el('span', { 'aria-hidden': 'true' }, SIGNS[state] ?? '●'), state);
}

/** @param {[string, any, any?][]} list name, value, more */
export function figures(list) {
  return el('dl', { class: 'figures' }, list.map(([term, value, more]) =>
    el('div', { 'data-key': term }, el('dt', {}, term),
      el('dd', {}, value, more && el('small', {}, more)))));
}

const PAUSES = [['until resumed', ''], ['for 15 min', '15m'], ['for 1 h', '1h'], ['for 4 h', '4h'],
  ['for 1 day', '1d'], ['for 7 days', '7d']];
let chosen = 0;

/** For how long a pause is to be, as the API takes it; undefined: until it is resumed. */
export const pauseTime = () => PAUSES[chosen][1] || undefined;

/** Once, when the page begins: how long the next pause is, for links and lanes alike. */
export function startPauses() {
  if (!mayChange()) return;
  const selects = ['links', 'lanes'].map((place) => {
    const select = /** @type {HTMLSelectElement} */ (el('select', { id: `pause-${place}` },
      PAUSES.map(([name], number) => el('option', { value: number }, name))));
    byId(`${place}-choice`).replaceChildren(el('label', { for: select.id }, 'Pause'), select);
    return select;
  });
  for (const select of selects) {
    select.addEventListener('change', () => {
      chosen = Number(select.value);
      for (const each of selects) each.value = select.value;
    });
  }
}

function pauseButton(place, attributes, paused) {
  if (!mayChange()) return null;
  const verb = paused ? 'Resume' : 'Pause';
  const time = !paused && chosen > 0 && ` ${PAUSES[chosen][0]}`;
  return el('button', { type: 'button', class: 'small', 'data-act': verb.toLowerCase(),
    ...attributes }, verb, el('span', { class: 'unseen' }, ` ${place}`), time);
}

/** Who has paused it, and until when. */
function pausedBy({ by, until }) {
  return `paused by ${by || 'a command'}${until ? ` until ${moment(toMs(until))}` : ''}`;
}

/** When a link that is down is tried again. */
function nextTry({ state, paused, next_try: next }) {
  if (state !== 'down' || paused) return null;
  const left = (toMs(next) - Date.now()) / 1000;
  return left > 0 ? ` · tried again in ${span(left)}` : ' · it is being tried now';
}

export function links(status) {
  show('links', el('div', { class: 'links' }, Object.entries(status.links).map(([name, link]) => {
    const state = link.paused ? 'paused' : link.state;
    return el('article', { class: 'link', 'data-key': name },
      el('div', { class: 'row spread' },
        el('div', { class: 'row' }, el('h3', {}, name), stateOf(state),
          el('span', { class: 'dim' }, `since ${moment(toMs(link.since))}`)),
        pauseButton(`link ${name}`, { 'data-link': name }, link.paused)),
      el('p', { class: 'dim' }, el('span', { class: 'mono' }, link.broker),
        ` · MQTT ${link.protocol === 4 ? '3.1.1' : link.protocol}`,
        ` · round trip ${link.rtt_ms.toFixed(1)} ms · ${counted(link.reconnects, 'reconnect')}`,
        link.last_error && ` · last error: ${link.last_error}`, nextTry(link),
        link.token_until && ` · its token is good until ${moment(toMs(link.token_until))}`,
        link.held_back && ` · held back by ${link.held_back}`,
        link.paused && ` · ${pausedBy(link.paused)}`),
      el('div', { class: 'timeline' }, outages(name)));
  })));
}

/** When what waits has crossed. @param {number | null} left seconds; null: not known */
function drainedBy(lane, left, far) {
  if (lane.backlog === 0) return '';
  if (left === null) return 'not known yet';
  if (!far || far.state === 'down' || far.state === 'paused' || lane.paused) {
    return `about ${span(left)} after it goes on`;
  }
  return `${moment(Date.now() + left * 1000)} (in ${span(left)})`;
}

export function lanes(status) {
  show('lanes', table('Lanes', ['Lane', { text: 'Waiting', number: true },
    { text: 'Oldest', number: true }, { text: 'Crosses', number: true }, 'Drained by',
    { text: 'Why it waits' }, { text: 'Do', hidden: true }],
  status.lanes.map((lane) => {
    const left = lane.backlog > lane.held ? drainedIn({ lanes: [lane] }, lane.direction) : 0;
    return { key: `${lane.direction}/${lane.name}`, cells: [
      [lane.name, el('span', { class: 'dim' }, lane.direction === 'up' ? ' ↑ up' : ' ↓ down')],
      [count(lane.backlog), el('small', {}, size(lane.backlog_bytes))],
      lane.backlog > 0 ? span(lane.oldest_age_s) : '',
      rate(lane.drained_per_s),
      drainedBy(lane, left, status.links[lane.direction === 'up' ? 'central' : 'site']),
      lane.paused ? pausedBy(lane.paused) : lane.waits ??
        (lane.held > 0 ? `${count(lane.held)} held` : ''),
      pauseButton(`lane ${lane.name} ${lane.direction}`,
        { 'data-lane': lane.name, 'data-direction': lane.direction }, lane.paused)] };
  })));
}

/** What a flash medium has to stand if it goes on like that. */
function yearly(bytes, uptime) {
  if (bytes === null || uptime < RATE_NEEDS_S) return 'since the start';
  return `since the start; ${size(bytes / uptime * YEAR_S)} a year at this rate`;
}

/** What the journal writes. @param {any} flash absent: the bridge does not tell */
function written(flash) {
  const { bytes_per_message: message = null, bytes_per_day: day = null } = flash ?? {};
  if (message === null) return ['not known', 'no message has come'];
  return [size(message), day === null ? 'by the journal' : `${size(day)} a day at this rate`];
}

/** How long the flash lasts. @param {any} flash absent: the bridge does not tell */
function years(flash) {
  if (!flash) return ['not told', ''];
  const { years_left: left, why, used_percent: used } = flash;
  if (left === null) return ['unknown', why];
  return [`${left >= 20 ? 'more than' : 'at most'} ${left < 10 ? left.toFixed(1) : count(left)} years`,
    `by what bascule writes; others write, too, and the medium more than it is told; ${
      why ?? `${used} % of its life are used at the most`}`];
}

export function drawJournal({ journal, uptime_s: uptime, version, epoch }) {
  show('journal', figures([
    ['Journal', size(journal.bytes), `of ${size(journal.max_bytes)} at most`],
    ['Free on its disk', size(journal.free_bytes), `${size(journal.min_free_bytes)} stay free`],
    ['Written to the disk', journal.written_bytes === null ? 'not told' : size(journal.written_bytes),
      yearly(journal.written_bytes, uptime)],
    ['Written per message', ...written(journal.flash)],
    ['Flash left', ...years(journal.flash)],
    ['Commits', count(journal.commits), `sync: ${journal.sync}`],
    ['Running for', span(uptime), `bascule ${version}`],
    ['Epoch', el('span', { class: 'mono' }, epoch)]]));
}

export function policies(status) {
  if (status.policies.length === 0) {
    return show('policies', el('p', { class: 'none' }, 'This bridge has no policies.'));
  }
  show('policies', table('Policies', ['Policy', { text: 'Waiting', number: true },
    { text: 'Decided', number: true }, { text: 'Quarantined', number: true },
    { text: 'Cases', number: true }, 'State'], status.policies.map((policy) => ({
    key: policy.name, cells: [
      [policy.name, el('small', {}, `${policy.plugin} ${policy.version}`)],
      count(policy.up.backlog + policy.down.backlog),
      count(policy.up.decided + policy.down.decided),
      count(policy.up.quarantined + policy.down.quarantined),
      policy.cases > 0 ? el('a', { href: '/cases' }, count(policy.cases)) : '0',
      policy.waits_for ?? (policy.failed > 0 ? `${count(policy.failed)} attempts failed` : 'ok')] }))));
}

